import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import type { TaskResult, TaskResults } from '../src/index';
import { Fixture, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

type Iteration = AsyncGenerator<unknown, void, undefined>;

/** What can be iterated over, of a result. */
const ITERATIONS: Record<string, (client: TaskResults, handle: TaskResult) => Iteration> = {
  watch: (client, { id }) => client.watch(id),
  'the watch of a handle': (_, handle) => handle.watch(),
  'events of an id': (client, { id }) => client.watchEvents({ ids: [id] }),
  'events of a filter': (client, { task }) => client.watchEvents({ filter: { path: task.path } }),
  list: (client) => client.list(),
};
const WATCHES = Object.entries(ITERATIONS).filter(([name]) => name !== 'list');
/** A handle's client is that which made it, and has a server. */
const OF_CLIENTS = Object.entries(ITERATIONS).filter(([name]) => name !== 'the watch of a handle');

/** An end that has to wait for something takes as long as a call, or for ever. */
const AT_ONCE_MS = 15_000;

let fixture: Fixture;
let link: TappedLink;
let client: TaskResults;
let handle: TaskResult;
/** Accepts connections, and says nothing. */
let mute: Server;
const muteConnections = new Set<Socket>();

beforeAll(async () => {
  fixture = await Fixture.start();
  mute = createServer((socket) => muteConnections.add(socket)).listen(0, '127.0.0.1');
  await once(mute, 'listening');
});

beforeEach(async () => {
  link = await TappedLink.to(fixture.server.port);
  client = fixture.client({ target: link.address });
  const id = freshId();
  handle = await client.create({ path: `app.tasks.ended_${id.replace('-', '_')}`, id });
});

afterEach(() => link.close());
afterAll(async () => {
  for (const socket of muteConnections) socket.destroy();
  mute.close();
  await fixture.remove();
});

async function atOnce<T>(promise: Promise<T>): Promise<T> {
  return Promise.race([
    promise,
    delay(AT_ONCE_MS, undefined, { ref: false }).then(() => {
      throw new Error('it did not end at once');
    }),
  ]);
}

/** Ends an iteration that waits, and finds that all of it has ended. */
async function expectToEnd(iteration: Iteration): Promise<void> {
  const waiting = iteration.next();
  await delay(100); // so that it does wait
  expect(await atOnce(iteration.return())).toEqual({ value: undefined, done: true });
  expect(await atOnce(waiting)).toEqual({ value: undefined, done: true });
  expect(await atOnce(iteration.next())).toEqual({ value: undefined, done: true });
}

describe.each(WATCHES)('%s ends at once', (_, iterate) => {
  test('while it waits for the next event, and so does its stream', async () => {
    const iteration = iterate(client, handle);
    if (iterate !== ITERATIONS['the watch of a handle']) await iteration.next();
    await expectToEnd(iteration);
    await until(() => link.open === 0, 'no stream is open');
  });

  test('thrown into, with what was thrown', async () => {
    const iteration = iterate(client, handle);
    const waiting = iteration.next();
    if (iterate === ITERATIONS['the watch of a handle']) await delay(100);
    else await waiting;
    await expect(atOnce(iteration.throw(new Error('enough')))).rejects.toThrow('enough');
    expect(await atOnce(iteration.next())).toEqual({ value: undefined, done: true });
    await until(() => link.open === 0, 'no stream is open');
  });

  test('by leaving the loop', async () => {
    const loop = (async () => {
      for await (const _event of iterate(client, handle)) return;
    })();
    if (iterate === ITERATIONS['the watch of a handle']) await client.failTask(handle.id);
    await atOnce(loop);
    await until(() => link.open === 0, 'no stream is open');
  });
});

describe.each(OF_CLIENTS)('%s ends at once', (_, iterate) => {
  test('while it waits for a connection', async () => {
    const { port } = mute.address() as AddressInfo;
    const cut = fixture.client({ target: `127.0.0.1:${port}` });
    await expectToEnd(iterate(cut, handle));
  });

  test('during a pause', async () => {
    const { port } = await closedPort();
    const cut = fixture.client({ target: `127.0.0.1:${port}` });
    await expectToEnd(iterate(cut, handle));
  });

  test('before it has begun', async () => {
    const iteration = iterate(client, handle);
    expect(await atOnce(iteration.return())).toEqual({ value: undefined, done: true });
    expect(await iteration.next()).toEqual({ value: undefined, done: true });
  });
});

async function closedPort(): Promise<AddressInfo> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return address;
}
