import { ITSELF } from '../../src/domain/caller';
import { systemClock } from '../../src/domain/clock';
import type { TaskResultStore } from '../../src/domain/store';
import { NO_VERSION } from '../../src/domain/version';
import { ChangeFeed } from '../../src/service/changes/change-feed';
import { FairTurns } from '../../src/service/fair-turns';
import { ResultCache } from '../../src/service/reading/result-cache';
import type { WatchEvent } from '../../src/service/watching/watch';
import { WatchHub } from '../../src/service/watching/watch-hub';
import { Watches } from '../../src/service/watching/watches';
import { openStore } from '../../src/store/open';
import { create, start } from '../support/commands';
import { temporaryDatabase } from '../support/engines';
import { until } from '../support/until';

const CHANGES = 20;
const TIMES = { firstReadMs: 60_000, heartbeatMs: 60_000, maxAgeMs: 3_600_000 };

/** How often results were read, whole or in outline, while `watchers` saw CHANGES changes of one result. */
async function countReads(watchers: number): Promise<number> {
  const { database, drop } = await temporaryDatabase('sqlite');
  const retention = { afterFinish: null };
  const store = await openStore(database, { clock: systemClock(), retention, whenOutdated: 'migrate' });
  const counting = new CountingStore(store);
  const onError = (error: unknown) => {
    throw error;
  };
  const feed = new ChangeFeed(counting.store, { pollFastMs: 20, pollSlowMs: 50 }, onError);
  const limits = { rereadMs: 3_600_000, maxWatches: 10_000, maxWatchedIds: 10_000 };
  const hub = new WatchHub(counting.store, feed, limits, onError);
  feed.subscribe(hub);
  const opened = new Watches(counting.store, new ResultCache(counting.store, 0), new FairTurns(1), hub);
  await store.transact([create('x')]);
  await feed.start();
  await until(() => counting.polls > 1, 'the change log has been read up to here');
  const seen: number[] = [];
  const sink = {
    caller: ITSELF,
    hasRoom: () => true,
    send(event: WatchEvent) {
      if (event.kind === 'snapshot') seen.push(event.result.revision);
      return true;
    },
    over() {},
  };
  const watches = Array.from({ length: watchers }, () => {
    return opened.byIds({ known: [{ id: 'x', version: NO_VERSION }], view: 'FULL', keepOpen: false }, TIMES, sink);
  });
  try {
    for (const watch of watches) watch.open();
    await until(() => seen.length === watchers, 'all have begun');
    counting.reads = 0;
    for (let revision = 2; revision < 2 + CHANGES; revision++) {
      seen.length = 0;
      await store.transact([start('x', `w${revision}`, { force: true })]);
      await until(() => seen.length === watchers, `all see revision ${revision}`);
      expect(new Set(seen)).toEqual(new Set([revision]));
    }
    return counting.reads;
  } finally {
    for (const watch of watches) watch.close();
    hub.close();
    await feed.stop();
    await store.close();
    await drop();
  }
}

/** A store that counts reads of results on their way to the real one. */
class CountingStore {
  reads = 0;
  polls = 0;
  readonly store: TaskResultStore;

  constructor(store: TaskResultStore) {
    this.store = new Proxy(store, {
      get: (target, name: keyof TaskResultStore) => {
        if (name === 'read' || name === 'outline') this.reads++;
        if (name === 'changesAfter') this.polls++;
        const member = target[name];
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}

test('a change is read once, whatever the number of its watchers', async () => {
  const few = await countReads(2);
  const many = await countReads(2_000);
  expect(few).toBe(CHANGES);
  expect(many).toBe(few);
});
