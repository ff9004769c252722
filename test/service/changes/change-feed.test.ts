import type { TaskResultStore } from '../../../src/domain/store';
import { ChangeFeed } from '../../../src/service/changes/change-feed';
import { create } from '../../support/commands';
import { openTemporaryStore, type TemporaryStore } from '../../support/temporary-store';
import { until } from '../../support/until';

let temporary: TemporaryStore;
let feed: ChangeFeed;
let told: string[];
let missed: number;
let failed: number;
let errors: unknown[];
/** While this is set, the process does nothing: no poll goes on. */
let suspended: Promise<void> | null = null;
/** How far the clock is ahead. */
let ahead = 0;

beforeEach(async () => {
  temporary = await openTemporaryStore('sqlite');
  told = [];
  missed = 0;
  failed = 0;
  errors = [];
  const store: Pick<TaskResultStore, 'changeLog' | 'changesAfter' | 'changesWithin'> = {
    changeLog: () => temporary.store.changeLog(),
    changesWithin: (ranges) => temporary.store.changesWithin(ranges),
    changesAfter: async (...asked) => {
      await suspended;
      return temporary.store.changesAfter(...asked);
    },
  };
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + ahead);
  feed = new ChangeFeed(store as TaskResultStore, { pollFastMs: 1, pollSlowMs: 1 }, (error) => errors.push(error));
  feed.subscribe({ changed: (id) => told.push(id), missed: () => missed++, failed: () => failed++ });
  feed.wanted = true;
});
afterEach(async () => {
  suspended = null;
  ahead = 0;
  await feed.stop();
  await temporary.close();
  expect(errors).toHaveLength(failed);
  jest.restoreAllMocks();
});

/** Does `meanwhile` as if this process had been suspended for a minute. */
async function whileSuspended(meanwhile: () => Promise<void>): Promise<void> {
  let goOn = () => {};
  suspended = new Promise((resolve) => {
    goOn = resolve;
  });
  await meanwhile();
  ahead += 60_000;
  suspended = null;
  goOn();
}

test('a process that was suspended while entries were trimmed learns that it has missed some', async () => {
  const { store } = temporary;
  await store.transact([create('before')]);
  await feed.start();
  await until(() => told.includes('before'), 'the log is read');
  await whileSuspended(async () => {
    for (let n = 0; n < 5; n++) await store.transact([create(`missed ${n}`)]);
    temporary.clock.now++;
    while (await store.trimChanges(0, 10));
  });
  await until(() => missed > 0, 'it learns so');
});

test('a log that has gone back is read on from where it is', async () => {
  const { store } = temporary;
  await feed.start();
  for (let n = 0; n < 20; n++) await store.transact([create(`lost ${n}`)]);
  await until(() => told.includes('lost 19'), 'the log is read');
  // As after a failover to a server that lacks the last entries, and gives their numbers again.
  const { changesAfter } = store;
  const lost = 5;
  store.changesAfter = async (cursor, limit) => {
    const changes = await changesAfter.call(store, cursor + lost, limit);
    return changes.map((change) => ({ ...change, seq: change.seq - lost }));
  };
  const { changeLog } = store;
  store.changeLog = async () => {
    const { newest, ...rest } = await changeLog.call(store);
    return { ...rest, newest: newest - lost };
  };
  ahead += 60_000;
  await until(() => missed > 0, 'it learns so');
  await store.transact([create('after')]);
  await until(() => told.includes('after'), 'the log is read on');
});

test('one that was suspended for no longer than the log reaches has missed nothing', async () => {
  const { store } = temporary;
  await store.transact([create('before')]);
  await feed.start();
  await until(() => told.includes('before'), 'the log is read');
  await whileSuspended(async () => {
    for (let n = 0; n < 5; n++) await store.transact([create(`kept ${n}`)]);
  });
  await until(() => told.includes('kept 4'), 'all is read');
  ahead += 60_000;
  await store.transact([create('after')]);
  await until(() => told.includes('after'), 'the log is read on');
  expect(missed).toBe(0);
});

test('a poll that is never answered has failed; the log is read on, and its answer does no harm when it comes', async () => {
  const { store } = temporary;
  await feed.start();
  await store.transact([create('before')]);
  await until(() => told.includes('before'), 'the log is read');

  let isHanging = false;
  let answer: (() => void) | null = null;
  const { changesAfter } = store;
  store.changesAfter = (...asked) => {
    if (isHanging) return changesAfter.apply(store, asked);
    isHanging = true;
    return new Promise((resolve) => {
      answer = () => resolve([{ seq: 1_000_000, taskId: 'late', incarnation: 1, revision: 1 }]);
    });
  };
  await until(() => failed > 0, 'it counts as failed');
  for (let n = 0; n < 5; n++) await store.transact([create(`meanwhile ${n}`)]);
  await until(() => told.includes('meanwhile 4'), 'the log is read on');
  expect(failed).toBe(1);

  (answer as (() => void) | null)?.();
  await store.transact([create('after')]);
  await until(() => told.includes('after'), 'the place in the log is still known');
  expect(told).not.toContain('late');
  expect(missed).toBe(0);
});
