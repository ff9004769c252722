import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP link on loopback that a test can cut, stall, or falsify. */
export class Link {
  /** What becomes of bytes on their way to the target. */
  rewrite: (bytes: Buffer) => Buffer = (bytes) => bytes;
  readonly #pairs = new Set<[Socket, Socket]>();
  #stalled = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Leads to `targetPort` from a free port. */
  static to(targetPort: number): Promise<Link> {
    return new Promise((resolve, reject) => {
      const server = createServer({ pauseOnConnect: true }).on('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const link = new Link(server, (server.address() as { port: number }).port);
        server.on('connection', (near) => link.#join(near, connect(targetPort, '127.0.0.1')));
        resolve(link);
      });
    });
  }

  /** Resets every connection; new ones are taken. */
  cut(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  /** Bytes stop without a word to either side, as with a pulled cable. Connections stay open, and new ones are taken. */
  stall(): void {
    this.#stalled = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** After `stall`: what was under way arrives after all, as TCP sends it again. */
  heal(): void {
    this.#stalled = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  /** After `close`: takes connections again, on the same port. */
  reopen(): Promise<void> {
    return new Promise((resolve) => this.server.listen(this.port, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    const pair: [Socket, Socket] = [near, far];
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [far, near] as const]) {
      from.on('data', (bytes: Buffer) => to.write(from === near ? this.rewrite(bytes) : bytes));
      from.on('error', () => {});
      from.on('close', () => {
        this.#pairs.delete(pair);
        to.destroy();
      });
    }
    if (this.#stalled) for (const socket of pair) socket.pause();
    else near.resume();
  }
}
