import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import { CancelledError, type TaskResults } from '../src/index';
import { Fixture, finish, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

let fixture: Fixture;
/** Creates and finishes. */
let worker: TaskResults;
let link: TappedLink;
/** Waits, over the link. */
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  worker = fixture.client({ timeoutMs: 600_000 }); // thousands of its calls are under way at once
});

beforeEach(async () => {
  link = await TappedLink.to(fixture.server.port);
  client = fixture.client({ target: link.address });
});

afterEach(() => link.close());
afterAll(() => fixture.remove());

function create(count: number): Promise<string[]> {
  const registered = Array.from({ length: count }, () => worker.register({ path: 'app.tasks.many', id: freshId() }));
  return Promise.all(registered.map(async (state) => (await state).id));
}

/** Resolves once the server has told the client of every result, so that all are watched. */
async function settled(): Promise<void> {
  for (let before = -1; before !== link.received; await delay(250)) before = link.received;
}

test('5,000 waits take five streams, and go on over a crash of the server', async () => {
  const ids = await create(5_000);
  const waits = ids.map((id) => client.wait(id));
  await until(() => link.opened === 5, 'five streams are opened');
  await settled();

  await fixture.server.kill();
  await fixture.server.restart();
  await Promise.all(ids.map((id) => worker.failTask(id)));
  const results = await Promise.all(waits);

  expect(results.map(({ id }) => id)).toEqual(ids);
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['FAILED']));
  // A result is known before its stream has ended.
  await until(() => link.open === 0, 'the server has ended every stream');
  // Five before, and five after; nothing was cancelled.
  expect({ opened: link.opened, cancelled: link.cancelled }).toEqual({ opened: 10, cancelled: 0 });
});

test('waits that come one by one are merged into a few streams', async () => {
  const ids = await create(600);
  const waits: Promise<unknown>[] = [];
  let maxOpen = 0;
  const startedAt = performance.now();
  for (const id of ids) {
    waits.push(client.wait(id));
    await delay(2);
    maxOpen = Math.max(maxOpen, link.open);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(maxOpen).toBeLessThanOrEqual(12);
  // Few of 600 ids of some 15 bytes are asked for more than three times, and a further stream takes few ids along.
  expect(link.sent).toBeLessThan(50_000 + 500 * link.opened);
  // A server closes the connection when cancels go on coming at more than 33 a second. They are spaced for 20.
  expect(link.cancelled / seconds).toBeLessThan(25);
  await Promise.all(ids.map((id) => finish(worker, id)));
  await Promise.all(waits);
  expect(link.connections).toBe(1);
});

test('what is left of many streams is merged', async () => {
  const stragglers = await create(25);
  const waits: Promise<unknown>[] = [];
  let maxOpen = 0;
  for (const straggler of stragglers) {
    waits.push(client.wait(straggler));
    // They fill the stream, and leave it at once: nobody has these ids.
    await Promise.allSettled(Array.from({ length: 999 }, () => client.wait(freshId())));
    maxOpen = Math.max(maxOpen, link.open);
  }
  expect(maxOpen).toBeLessThanOrEqual(14);
  await Promise.all(stragglers.map((id) => worker.failTask(id)));
  await Promise.all(waits);
});

test('waits that are cancelled leave the streams that others use', async () => {
  const ids = await create(2_100);
  const stop = new AbortController();
  const [patient = '', ...others] = ids;
  const waiting = client.wait(patient);
  const cancelled = others.map((id) => client.wait(id, { signal: stop.signal }));
  for (const wait of cancelled) wait.catch(() => {});
  await until(() => link.open === 3, 'all are under way');
  stop.abort();
  for (const wait of cancelled) await expect(wait).rejects.toThrow(CancelledError);
  await until(() => link.open === 1, 'only the stream of the patient one is left');
  expect(link.cancelled).toBe(2);
  await finish(worker, patient);
  expect(await waiting).toMatchObject({ status: 'SUCCESSFUL' });
  expect({ opened: link.opened, connections: link.connections }).toEqual({ opened: 3, connections: 1 });
});

test('waits one after another for what is finished are not held up', async () => {
  const ids = await create(100);
  await Promise.all(ids.map((id) => worker.failTask(id)));
  const tookMs: number[] = [];
  for (const id of ids) {
    const startedAt = performance.now();
    expect((await client.wait(id)).status).toBe('FAILED');
    tookMs.push(performance.now() - startedAt);
  }
  // Kept apart as cancelled streams have to be, each would take 50 ms. On a busy machine the fastest ones tell.
  const [, , , fast] = tookMs.sort((a, b) => a - b);
  expect(fast).toBeLessThan(40);
  expect(link.cancelled).toBe(0);
});

test('impatient waits one after another do not add up to resets', async () => {
  const [id = ''] = await create(1);
  const startedAt = performance.now();
  for (let round = 0; round < 200; round++) {
    await Promise.allSettled(Array.from({ length: 10 }, () => client.wait(id, { timeoutMs: 5 })));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(link.cancelled / seconds).toBeLessThan(25);
  expect(link.connections).toBe(1);
  await finish(worker, id);
  expect(await client.wait(id)).toMatchObject({ status: 'SUCCESSFUL' });
});

test('thousands of waits for one result are one id of one stream', async () => {
  const [id = ''] = await create(1);
  const { signal } = new AbortController();
  const waits = Array.from({ length: 5_000 }, () => client.wait(id, { signal }));
  await until(() => link.open === 1, 'it is watched');
  await finish(worker, id);
  const results = await Promise.all(waits);
  expect(new Set(results).size).toBe(5_000);
  expect(link.opened).toBe(1);
});

test('calls, waits and watches go on when a burst of cancels has cost the connection', async () => {
  const [id = ''] = await create(1);
  const waiting = client.wait(id);
  const watched = watchStates(client, id);
  const ids = await create(10);
  // Each of these has a stream of its own, and the server allows a connection 1,000 resets in a burst.
  const burst = new AbortController();
  const streams = Array.from({ length: 1_500 }, () => client.watchEvents({ ids: [id] }, { signal: burst.signal }));
  const ends = streams.map((stream) =>
    stream
      .next()
      .then(() => stream.next())
      .catch((error) => error),
  );
  await until(() => link.open > streams.length, 'every stream is opened');
  await settled();
  const connections = link.connections;

  burst.abort();
  const calls = ids.map((some) => client.get(some, { timeoutMs: 60_000 }));
  for (const end of await Promise.all(ends)) expect(end).toBeInstanceOf(CancelledError);
  expect((await Promise.all(calls)).map((result) => result.id)).toEqual(ids);
  await until(() => link.connections > connections, 'the connection was lost');
  await finish(worker, id);
  expect(await waiting).toMatchObject({ id, status: 'SUCCESSFUL' });
  expect((await watched).at(-1)).toBe('SUCCESSFUL');
}, 120_000);

async function watchStates(client: TaskResults, id: string): Promise<string[]> {
  const states: string[] = [];
  for await (const { status } of client.watch(id)) states.push(status);
  return states;
}
