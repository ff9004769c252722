import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import { statusOf } from '../src/answers';
import { Connection } from '../src/connection';
import {
  InvalidFieldError,
  TaskResultDoesNotExistError,
  type TaskResultEvent,
  type TaskResults,
  type TaskResultVersion,
  WaitTimedOutError,
} from '../src/index';
import { newerStates } from '../src/newer-states';
import { SharedWatch } from '../src/shared-watch';
import { Fixture, finish, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start({ flags: ['--watch-max-age', '2s'] });
  client = fixture.client();
});

afterAll(() => fixture.remove());

async function create(): Promise<string> {
  return (await client.register({ path: 'app.tasks.watched', id: freshId() })).id;
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), delay(100, false)]);
}

/** Collects the revisions that a watch yields. */
function collect(id: string, from = client) {
  const revisions: number[] = [];
  const done = (async () => {
    for await (const { revision } of from.watch(id)) revisions.push(revision);
  })();
  done.catch(() => {});
  return { revisions, done };
}

test('a wait ends when the result is finished, or at once', async () => {
  const id = await create();
  const waiting = client.wait<number>(id);
  await finish(client, id, 3);
  expect(await waiting).toMatchObject({ status: 'SUCCESSFUL', returnValue: 3 });
  expect((await client.wait<number>(id)).returnValue).toBe(3);
});

test('a wait for a failure is no error', async () => {
  const id = await create();
  await client.failTask(id);
  expect((await client.wait(id)).status).toBe('FAILED');
});

test('a wait that takes too long says so, also when there is no server', async () => {
  await expect(client.wait(await create(), { timeoutMs: 100 })).rejects.toThrow(WaitTimedOutError);
  const nobody = fixture.client({ target: '127.0.0.1:1' });
  await expect(nobody.wait('x', { timeoutMs: 300 })).rejects.toMatchObject({ reason: 'WAIT_TIMED_OUT' });
});

test.each([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['the greatest number', Number.MAX_VALUE],
  ['30 days', 30 * 24 * 60 * 60 * 1_000],
])('a wait may take %s', async (_, timeoutMs) => {
  const id = await create();
  const waiting = client.wait(id, { timeoutMs });
  await until(async () => !(await isSettled(waiting)), 'it waits');
  await finish(client, id);
  expect((await waiting).status).toBe('SUCCESSFUL');
});

test('without any time to wait, a finished result is returned all the same', async () => {
  const id = await create();
  await expect(client.wait(id, { timeoutMs: 0 })).rejects.toThrow(WaitTimedOutError);
  await finish(client, id, 3);
  for (const timeoutMs of [0, -1]) expect(await client.wait(id, { timeoutMs })).toMatchObject({ returnValue: 3 });
  await expect(client.wait(freshId(), { timeoutMs: 0 })).rejects.toThrow(TaskResultDoesNotExistError);
  await expect(client.wait(id, { timeoutMs: Number.NaN })).rejects.toThrow(InvalidFieldError);
});

test('what is deleted, and what never was', async () => {
  const id = await create();
  const { revisions, done } = collect(id);
  const waiting = client.wait(id);
  waiting.catch(() => {});
  await until(() => revisions.length === 1, 'it is watched');
  await client.delete(id);
  await expect(done).rejects.toThrow(TaskResultDoesNotExistError);
  await expect(waiting).rejects.toThrow(TaskResultDoesNotExistError);
  await expect(client.wait(freshId())).rejects.toThrow(TaskResultDoesNotExistError);
});

test('what was created anew under the id of a deleted one is not taken for it', async () => {
  const id = await create();
  await client.startAttempt(id, 'w');
  const handle = await client.get(id);
  await client.delete(id);
  await client.register({ path: 'app.tasks.other', id });
  await expect(handle.watch().next()).rejects.toThrow(TaskResultDoesNotExistError);
  // Also at the very revision that is known.
  await client.startAttempt(id, 'w');
  await expect(handle.watch().next()).rejects.toThrow(TaskResultDoesNotExistError);
  // The same, when somebody who knew nothing shares the stream.
  const [fresh, known] = await Promise.allSettled([client.watch(id).next(), handle.watch().next()]);
  expect(fresh).toMatchObject({ status: 'fulfilled', value: { value: { revision: 2 } } });
  expect(known).toMatchObject({ status: 'rejected', reason: { reason: 'TASK_RESULT_DOES_NOT_EXIST' } });
});

/** Follows as handles do, over a link of its own. */
async function following(link: TappedLink) {
  const connection = new Connection(link.address, {});
  const watches = new SharedWatch((taskResults, signal) =>
    connection.watch({ target: { $case: 'ids', value: { taskResults } } }, { signal }),
  );
  const follow = async (id: string, version: TaskResultVersion) => {
    const statuses: string[] = [];
    for await (const { status } of newerStates(watches, id, version, connection.closing))
      statuses.push(statusOf(status));
    return statuses;
  };
  const close = () => {
    watches.close();
    connection.close();
  };
  return { follow, close };
}

test('once everything is settled, every follower is told, whatever it knows', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const { follow, close } = await following(link);
  try {
    const id = await create();
    await finish(client, id);
    const { incarnation, revision } = await client.get(id);
    const nothing = { incarnation: 0, revision: 0 };
    const newest = { incarnation, revision };
    const more = { incarnation, revision: revision + 1 };
    // Alone on its stream, and together with others.
    for (const version of [newest, more]) expect(await follow(id, version)).toEqual(['SUCCESSFUL']);
    const together = await Promise.all([nothing, newest, more].map((version) => follow(id, version)));
    expect(together).toEqual([['SUCCESSFUL'], ['SUCCESSFUL'], ['SUCCESSFUL']]);
    // One follows a result that was deleted long ago, the other one has just created it anew.
    const another = { incarnation: incarnation - 1, revision };
    const both = await Promise.allSettled([follow(id, another), follow(id, newest)]);
    expect(both).toMatchObject([{ reason: { reason: 'TASK_RESULT_DOES_NOT_EXIST' } }, { value: ['SUCCESSFUL'] }]);
    expect(link.opened).toBeLessThan(12);
  } finally {
    close();
    await link.close();
  }
});

test('one bad id does not take the others with it', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, create));
  const waits = ids.map((id) => client.wait(id));
  const bad = client.wait('x'.repeat(65));
  await expect(bad).rejects.toThrow(InvalidFieldError);
  await Promise.all(ids.map((id) => finish(client, id)));
  expect((await Promise.all(waits)).map(({ status }) => status)).toEqual(ids.map(() => 'SUCCESSFUL'));
});

test('a watch goes on through a restart, MAX_AGE and a lost link, and yields nothing twice', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const through = fixture.client({ target: link.address });
  try {
    const id = await create();
    const { revisions, done } = collect(id, through);
    await until(() => revisions.includes(1), 'it is watched');

    await fixture.server.kill();
    await fixture.server.restart();
    await client.startAttempt(id, 'w1');
    await until(() => revisions.includes(2), 'it is watched after a crash');

    const before = link.opened;
    await until(() => link.opened > before, 'its stream has reached its age');
    await client.fail(id, 1, 'again', { retry: true });
    await until(() => revisions.includes(3), 'it is watched after MAX_AGE');

    link.cut();
    await client.startAttempt(id, 'w1');
    await until(() => revisions.includes(4), 'it is watched after a cut');

    await fixture.server.terminate();
    await fixture.server.restart();
    await client.succeed(id, 2, null);
    await done;
    expect(revisions).toEqual([1, 2, 3, 4, 5]);
  } finally {
    await link.close();
  }
});

test('a stream that is silent for three heartbeats is dead', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const through = fixture.client({ target: link.address, heartbeatMs: 1_000 });
  try {
    const id = await create();
    const { revisions, done } = collect(id, through);
    await until(() => revisions.includes(1), 'it is watched');
    link.mute();
    const [opened, mutedAt] = [link.opened, performance.now()];
    await until(() => link.opened > opened, 'another stream is opened', 25_000);
    expect(performance.now() - mutedAt).toBeGreaterThan(1_900);
    expect(link.cancelled).toBe(1);
    // The connection itself is dead, too.
    link.mute(false);
    link.cut();
    await finish(client, id);
    await done;
    expect(revisions.at(-1)).toBe(3);
  } finally {
    await link.close();
  }
});

test('heartbeats keep a stream on which nothing happens', async () => {
  const calm = await Fixture.start();
  const link = await TappedLink.to(calm.server.port);
  const through = calm.client({ target: link.address, heartbeatMs: 1_000 });
  try {
    const { id } = await through.register({ path: 'app.tasks.calm' });
    const opened = link.opened;
    await expect(through.wait(id, { timeoutMs: 4_500 })).rejects.toThrow(WaitTimedOutError);
    expect(link.opened - opened).toBe(1);
  } finally {
    await link.close();
    await calm.remove();
  }
});

test('a slow reader gets the last state, whatever it misses', async () => {
  const id = await create();
  const states = client.watch(id);
  expect((await states.next()).value).toMatchObject({ revision: 1 });
  await client.startAttempt(id, 'w');
  const other = collect(id);
  await client.succeed(id, 1, null);
  await other.done;
  const rest: number[] = [];
  for await (const { revision } of states) rest.push(revision);
  expect(rest.at(-1)).toBe(3);
  expect(rest.length).toBeLessThanOrEqual(2);
});

/** An event in short: `a@2`, `deleted a`. */
function brief(event: TaskResultEvent): string {
  if (event.type === 'snapshot') return `${event.result.id}@${event.result.revision}`;
  return `${event.type} ${event.id}`;
}

function collectEvents(from: TaskResults, ...given: Parameters<TaskResults['watchEvents']>) {
  const seen: string[] = [];
  const done = (async () => {
    for await (const event of from.watchEvents(...given)) seen.push(brief(event));
  })();
  done.catch(() => {});
  return { seen, done };
}

test('the events of many ids end when each is finished, deleted or not found', async () => {
  const [a, b, c] = [await create(), await create(), freshId()];
  const link = await TappedLink.to(fixture.server.port);
  const { seen, done } = collectEvents(fixture.client({ target: link.address }), { ids: [a, b, c] });
  await until(() => seen.length === 3, 'all are told of');
  expect(seen.sort()).toEqual([`${a}@1`, `${b}@1`, `notFound ${c}`].sort());
  await finish(client, a);
  await client.delete(b);
  await done;
  expect(seen).toEqual(expect.arrayContaining([`${a}@3`, `deleted ${b}`]));
  // The server has ended it: one reset less to count.
  expect(link.cancelled).toBe(0);
  await link.close();
  for await (const _ of client.watchEvents({ ids: [] })) throw new Error('nothing can come');
});

test('kept open, they go on, also for an id that comes later', async () => {
  const id = freshId();
  const stop = new AbortController();
  const { seen, done } = collectEvents(client, { ids: [id] }, { keepOpen: true, signal: stop.signal });
  await until(() => seen.length === 1, 'it is missing');
  await client.register({ path: 'app.tasks.later', id });
  await until(() => seen.includes(`${id}@1`), 'it is there');
  await finish(client, id);
  await until(() => seen.includes(`${id}@3`), 'it is finished');
  await client.delete(id);
  await until(() => seen.includes(`deleted ${id}`), 'it is gone');
  stop.abort();
  await expect(done).rejects.toMatchObject({ reason: 'CANCELLED' });
});

test('a result that is created anew, at the revision that is known, is told of', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const stop = new AbortController();
  try {
    const through = fixture.client({ target: link.address });
    const id = await create();
    const byId = collectEvents(through, { ids: [id] }, { keepOpen: true, signal: stop.signal });
    const byFilter = collectEvents(through, { filter: { path: 'app.tasks.watched' } }, { signal: stop.signal });
    const all = [byId, byFilter];
    await until(() => all.every(({ seen }) => seen.includes(`${id}@1`)), 'both have told of it');
    link.cut();
    await client.delete(id);
    await client.register({ path: 'app.tasks.watched', id, args: ['anew'] });
    const told = ({ seen }: { seen: string[] }) => seen.filter((event) => event === `${id}@1`).length;
    await until(() => all.every((events) => told(events) === 2), 'both have told of the other one');
    expect(byId.seen).toEqual([`${id}@1`, `deleted ${id}`, `${id}@1`]);
  } finally {
    stop.abort();
    await link.close();
  }
});

test('the events of a filter go on through a restart, and tell nothing twice', async () => {
  const losses: string[] = [];
  const stop = new AbortController();
  const options = { view: 'BASIC', signal: stop.signal, onLost: (why: string) => losses.push(why) } as const;
  const filter = { path: 'app.tasks.filtered', statuses: ['READY'] } as const;
  const { seen, done } = collectEvents(client, { filter }, options);
  const [a, b] = [freshId(), freshId()];
  await client.register({ path: filter.path, id: a });
  await until(() => seen.includes(`${a}@1`), 'it matches');
  await fixture.server.kill();
  await fixture.server.restart();
  await client.register({ path: filter.path, id: b });
  await until(() => seen.includes(`${b}@1`), 'it matches after the restart');
  await client.startAttempt(a, 'w');
  await until(() => seen.includes(`unmatched ${a}`), 'it matches no more');
  stop.abort();
  await done.catch(() => {});
  expect(seen).toEqual([`${a}@1`, `${b}@1`, `unmatched ${a}`]);
  expect(losses.length).toBeGreaterThan(0);
});
