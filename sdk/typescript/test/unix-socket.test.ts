import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fixture, finish } from './support/fixture';

const folder = mkdtempSync(join(tmpdir(), 'taskresults-unix-'));
const path = join(folder, 'test.sock');
let fixture: Fixture;

beforeAll(async () => {
  fixture = await Fixture.start({ flags: ['--host', `unix:${path}`] });
});

afterAll(async () => {
  await fixture?.remove();
  rmSync(folder, { recursive: true });
});

test.each(['unix:', 'unix://'])('a client on a Unix socket, named %s', async (scheme) => {
  const client = fixture.client({ target: `${scheme}${path}` });
  const { id } = await client.create({ path: 'app.tasks.add' });
  const waiting = client.wait(id);
  await finish(client, id, 3);
  expect((await waiting).returnValue).toBe(3);
});

test('a call goes on when the server is killed, and starts again on the socket', async () => {
  const client = fixture.client({ target: `unix:${path}` });
  const { id } = await client.create({ path: 'app.tasks.add' });
  await fixture.server.kill();
  const getting = client.get(id);
  await fixture.server.restart();
  expect((await getting).status).toBe('READY');
});
