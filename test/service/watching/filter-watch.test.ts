import type { Outline, TaskResultStore } from '../../../src/domain/store';
import type { TaskResult } from '../../../src/domain/task-result';
import type { ChangeFeed } from '../../../src/service/changes/change-feed';
import { ResultCache } from '../../../src/service/reading/result-cache';
import type { WatchEvent } from '../../../src/service/watching/watch';
import { WatchHub } from '../../../src/service/watching/watch-hub';
import { Watches } from '../../../src/service/watching/watches';
import { filter } from '../../support/commands';
import { until } from '../../support/until';

const COUNT = 15_000;

/** Results in memory, the newest first. */
class FakeStore {
  rows = new Map(Array.from({ length: COUNT }, (_, i) => [`r${i}`, row(`r${i}`, COUNT - i)]));
  lists = 0;

  readonly store = {
    read: async (ids: readonly string[]) => this.#found(ids),
    outline: async (ids: readonly string[]) => this.#found(ids),
    list: async ({ statuses }, after, limit) => {
      this.lists++;
      const matching = [...this.rows.values()].filter(({ status }) => statuses.includes(status));
      return matching.filter(({ enqueuedAt }) => !after || enqueuedAt < after.enqueuedAt).slice(0, limit);
    },
  } as Partial<TaskResultStore> as TaskResultStore;

  #found(ids: readonly string[]) {
    return ids.flatMap((id) => this.rows.get(id) ?? []);
  }
}

function row(id: string, enqueuedAt: number) {
  const content = { task: {}, argsJson: '', kwargsJson: '', errors: [], workerIds: [], metadata: {} };
  const outline = { id, enqueuedAt, status: 'READY', incarnation: 1, revision: 1, payloadBytes: 0, errorBytes: 0 };
  return { ...content, ...outline } as unknown as TaskResult & Outline;
}

test('many results that match no longer are found by one scan, though others change meanwhile', async () => {
  const fake = new FakeStore();
  const options = { rereadMs: 3_600_000, maxWatches: 1, maxWatchedIds: 1 };
  const feed = { wanted: false } as ChangeFeed;
  const hub = new WatchHub(fake.store, feed, options, () => {});
  const watches = new Watches(fake.store, new ResultCache(fake.store, 0), hub);
  const counts = { snapshot: 0, unmatched: 0 };
  const send = ({ kind }: WatchEvent) => {
    if (kind === 'snapshot' || kind === 'unmatched') counts[kind]++;
    // Anything may change between two reads; this here is of no interest to the watch.
    if (kind === 'unmatched') hub.changed('another', { incarnation: 1, revision: counts.unmatched });
    return true;
  };
  const watched = { filter: filter({ statuses: ['READY'] }), view: 'FULL' as const };
  const watch = watches.byFilter(watched, { heartbeatMs: 3_600_000, maxAgeMs: 3_600_000 }, { send, over: () => {} });
  watch.open();
  await until(() => counts.snapshot === COUNT, 'the client has all');

  for (const [id, result] of fake.rows) fake.rows.set(id, { ...result, status: 'RUNNING', revision: 2 });
  fake.lists = 0;
  watch.recheck();
  await until(() => counts.unmatched === COUNT, 'the client has none');
  expect(fake.lists).toBe(1);
  watch.close();
});
