import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { Fixture } from './support/fixture';

/** The certificate of `localhost`, signed by itself, for a hundred years. */
const key = readFileSync(join(__dirname, 'support/tls/key.pem'));
const cert = readFileSync(join(__dirname, 'support/tls/cert.pem'));

let fixture: Fixture;
/** Terminates TLS, as a proxy in front of the server would. */
let proxy: Server;
let target: string;

beforeAll(async () => {
  fixture = await Fixture.start();
  proxy = createServer({ key, cert, ALPNProtocols: ['h2'] }, (near) => {
    const far = connect(fixture.server.port, '127.0.0.1');
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  target = `localhost:${(proxy.address() as { port: number }).port}`;
});

afterAll(async () => {
  await fixture.remove();
  await new Promise((resolve) => proxy.close(resolve));
});

test('over TLS, with a certificate authority of one’s own', async () => {
  const client = fixture.client({ target, tls: { ca: cert } });
  const { id } = await client.create({ path: 'app.tasks.secret' });
  expect((await client.get(id)).id).toBe(id);
});

test('a certificate that nobody vouches for is refused', async () => {
  const client = fixture.client({ target, tls: true, retry: false });
  await expect(client.get('x')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
});
