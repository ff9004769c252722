import { ITSELF } from '../../../src/domain/caller';
import type { Outline } from '../../../src/domain/store';
import { NO_VERSION } from '../../../src/domain/version';
import { BoundedStore } from '../../../src/service/bounded-store';
import { ChangeFeed } from '../../../src/service/changes/change-feed';
import { FairTurns } from '../../../src/service/fair-turns';
import { ResultCache } from '../../../src/service/reading/result-cache';
import { WatchHub } from '../../../src/service/watching/watch-hub';
import { Watches } from '../../../src/service/watching/watches';
import { create, filter, start } from '../../support/commands';
import { openTemporaryStore, type TemporaryStore } from '../../support/temporary-store';
import { until } from '../../support/until';

const TIMES = { firstReadMs: 3_600_000, heartbeatMs: 3_600_000, maxAgeMs: 3_600_000 };

let temporary: TemporaryStore;
beforeEach(async () => {
  temporary = await openTemporaryStore('sqlite');
});
afterEach(() => temporary.close());

test.each(['ids', 'filter'])(
  'a watch by %s whose reads are never answered reads again when the store is back',
  async (kind) => {
    const { store } = temporary;
    await store.transact([create('x'), create('y')]);
    const bounded = new BoundedStore(store, 300);
    const feed = new ChangeFeed(store, { pollFastMs: 1_000, pollSlowMs: 1_000 }, () => {}); // never started
    const hub = new WatchHub(bounded, feed, { rereadMs: 3_600_000, maxWatches: 10, maxWatchedIds: 10 }, () => {});
    const watches = new Watches(bounded, new ResultCache(bounded, 0), new FairTurns(1), hub);
    const seen: string[] = [];
    let end: unknown;
    const sink = {
      caller: ITSELF,
      hasRoom: () => true,
      send: (event: { kind: string; result?: { id: string; revision: number } }) => {
        if (event.result) seen.push(`${event.result.id}@${event.result.revision}`);
        return true;
      },
      over: (error: unknown) => {
        end = error;
      },
    };
    const known = ['x', 'y'].map((id) => ({ id, version: NO_VERSION }));
    const watch =
      kind === 'ids'
        ? watches.byIds({ known, view: 'FULL', keepOpen: true }, TIMES, sink)
        : watches.byFilter({ filter: filter({}), view: 'FULL' }, TIMES, sink);
    watch.open();
    await until(() => seen.length === 2, 'the watch has begun');

    let asked = 0;
    const never = <T>(): Promise<T> => {
      asked++;
      return new Promise(() => {});
    };
    const { read, outline, list } = store;
    Object.assign(store, { read: never, outline: never, list: never });
    await store.transact([start('x')]);
    if (kind === 'ids') hub.changed('x', { incarnation: 1, revision: 2 });
    else watch.recheck();
    await until(() => asked >= 2, 'it has asked in vain, and again');
    Object.assign(store, { read, outline, list });
    await until(() => seen.includes('x@2'), 'it sees the change');
    expect(end).toBeUndefined();
    watch.close();
  },
);

test('while the store hangs, all watched results are read by one query at a time', async () => {
  const { store } = temporary;
  await store.transact([create('x')]);
  const feed = new ChangeFeed(store, { pollFastMs: 1_000, pollSlowMs: 1_000 }, () => {});
  const hub = new WatchHub(store, feed, { rereadMs: 5, maxWatches: 10, maxWatchedIds: 10 }, () => {});
  const watches = new Watches(store, new ResultCache(store, 0), new FairTurns(1), hub);
  const seen: number[] = [];
  const send = (event: { kind: string; result?: { revision: number } }) => seen.push(event.result?.revision ?? 0) > 0;
  const watch = watches.byIds({ known: [{ id: 'x', version: NO_VERSION }], view: 'FULL', keepOpen: true }, TIMES, {
    caller: ITSELF,
    hasRoom: () => true,
    send,
    over: () => {},
  });
  watch.open();
  await until(() => seen.length === 1, 'the watch has begun');

  let answer = (_outlines: Outline[]) => {};
  let asked = 0;
  const { outline } = store;
  store.outline = () => {
    asked++;
    return new Promise((resolve) => {
      answer = resolve;
    });
  };
  hub.start();
  await until(() => asked === 1, 'it is asked');
  for (let n = 0; n < 10; n++) hub.missed();
  expect(asked).toBe(1);

  await store.transact([start('x')]);
  store.outline = outline;
  answer(await store.outline(['x']));
  await until(() => seen.includes(2), 'what was found is told');
  watch.close();
  hub.close();
});
