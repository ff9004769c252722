import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';

/** An HTTP proxy on loopback that leads every tunnel to one port, whatever host was asked for. */
export class HttpProxy {
  /** Hosts that tunnels were asked for. */
  readonly asked: string[] = [];
  /** Whether it makes tunnels. */
  isWilling = true;
  readonly #sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly address: string,
  ) {}

  static to(targetPort: number): Promise<HttpProxy> {
    return new Promise((resolve, reject) => {
      const server = createServer().on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const proxy = new HttpProxy(server, `127.0.0.1:${(server.address() as { port: number }).port}`);
        server.on('connect', ({ url = '' }, near) => proxy.#join(url, near as Socket, targetPort));
        resolve(proxy);
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #join(host: string, near: Socket, targetPort: number): void {
    this.asked.push(host);
    near.on('error', () => {});
    if (!this.isWilling) {
      near.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    const far = connect(targetPort, '127.0.0.1', () => near.write('HTTP/1.1 200 OK\r\n\r\n'));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {}).on('close', () => other.destroy());
      socket.pipe(other);
    }
  }
}
