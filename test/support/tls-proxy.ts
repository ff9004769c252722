import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';

/** Terminates TLS in front of a server, with a certificate of its own that no authority has signed. */
export class TlsProxy {
  readonly #links = new Set<TLSSocket>();

  private constructor(
    private readonly listener: Server,
    private readonly folder: string,
  ) {}

  /** `target` is host:port. The certificate is for `host`, a name or an address as openssl writes it: `DNS:localhost`. */
  static async start(target: string, host: string): Promise<TlsProxy> {
    const folder = mkdtempSync(join(tmpdir(), 'taskresults-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test';
    execFileSync(
      'openssl',
      [...request.split(' '), '-addext', `subjectAltName=${host}`, '-keyout', key, '-out', cert],
      {
        stdio: 'ignore',
      },
    );
    const listener = createServer({ key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ['h2'] });
    const proxy = new TlsProxy(listener, folder);
    listener.on('secureConnection', (link) => proxy.#join(link, target));
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  /** The file of its certificate. */
  get certificate(): string {
    return join(this.folder, 'cert.pem');
  }

  close(): void {
    for (const link of this.#links) link.destroy();
    this.listener.close();
    rmSync(this.folder, { recursive: true });
  }

  #join(link: TLSSocket, target: string): void {
    const [host, port] = target.split(':');
    const server = connect(Number(port), host);
    this.#links.add(link);
    link.on('close', () => server.destroy()).on('error', () => {});
    server.on('close', () => link.destroy()).on('error', () => {});
    link.pipe(server).pipe(link);
  }
}
