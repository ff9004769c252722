import { connect } from 'node:net';
import { callsOf } from '../support/calls';
import { ChildServer } from '../support/child-server';
import { type LinkedDatabase, linkedDatabase } from '../support/linked-database';
import { killLeftovers, Program } from '../support/program';
import { connectTo } from '../support/service';
import { until } from '../support/until';

/** Far longer than a stop takes, and far shorter than what hangs. */
const LIMIT_MS = 60_000;

let database: LinkedDatabase;
beforeEach(async () => {
  database = await linkedDatabase();
});
afterEach(() => database.drop());
afterAll(killLeftovers);

describe.each([
  ['one process', []],
  ['a process group', ['--processes', '2']],
])('%s whose database says nothing', (_, flags) => {
  test('stops within its grace, with 0, and nothing that was answered is lost', async () => {
    const settings = ['--migrate', '--shutdown-grace', '1s', '--call-timeout', '10m', ...flags];
    const server = await ChildServer.start(database.linked.url, 0, settings);
    const clients = connectTo(server.address);
    const { create, get, list, wait } = callsOf(clients);
    for (const id of ['kept 1', 'kept 2']) await create(id);
    database.link.stall();
    const hanging = [create('open'), get('kept 1'), list(), wait({ id: 'kept 2' })];
    const outcomes = Promise.allSettled(hanging);

    const since = performance.now();
    expect(await server.end()).toBe(0);
    expect(performance.now() - since).toBeLessThan(LIMIT_MS);
    for (const { status } of await outcomes) expect(status).toBe('rejected');
    clients.close();

    const again = await ChildServer.start(database.direct.url);
    const later = connectTo(again.address);
    for (const id of ['kept 1', 'kept 2']) expect((await callsOf(later).get(id)).id).toBe(id);
    later.close();
    await again.end();
  });

  test('takes no more connections at once', async () => {
    const settings = ['--migrate', '--shutdown-grace', '5m', '--call-timeout', '10m', ...flags];
    const server = await ChildServer.start(database.linked.url, 0, settings);
    const clients = connectTo(server.address);
    await callsOf(clients).create('kept');
    database.link.stall();
    const hanging = callsOf(clients)
      .list()
      .catch(() => {});
    let isGone = false;
    const ended = server.end().finally(() => {
      isGone = true;
    });
    await until(() => isRefused(server.port), 'nobody listens any more');
    expect(isGone).toBe(false); // it still waits for the call
    clients.close(); // the call goes, and with it what there was to wait for
    await hanging;
    expect(await ended).toBe(0);
  });
});

test('a server that waits for its database at the start stops within the grace, too', async () => {
  const { link, linked } = database;
  let isStalled = false;
  link.rewrite = (bytes) => {
    if (bytes.includes('taskresults_migrations')) {
      link.stall();
      isStalled = true;
    }
    return bytes;
  };
  const server = new Program(['serve', '--port', '0', '--shutdown-grace', '1s', '--database-url', linked.url]);
  await until(() => isStalled, 'it has asked for what has been migrated');
  const since = performance.now();
  expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, stdout: '' });
  expect(performance.now() - since).toBeLessThan(LIMIT_MS);
});

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}
