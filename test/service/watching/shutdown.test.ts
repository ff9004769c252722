import { ITSELF } from '../../../src/domain/caller';
import { ChangeFeed } from '../../../src/service/changes/change-feed';
import { FairTurns } from '../../../src/service/fair-turns';
import { ResultCache } from '../../../src/service/reading/result-cache';
import type { WatchEvent } from '../../../src/service/watching/watch';
import { WatchHub } from '../../../src/service/watching/watch-hub';
import { Watches } from '../../../src/service/watching/watches';
import { create } from '../../support/commands';
import { openTemporaryStore } from '../../support/temporary-store';

test('a watch and a wait whose store hangs end when the server stops', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  await store.transact([create('x')]);
  store.read = () => new Promise(() => {});
  store.outline = () => new Promise(() => {});
  const feed = new ChangeFeed(store, { pollFastMs: 1_000, pollSlowMs: 1_000 }, () => {});
  const hub = new WatchHub(store, feed, { rereadMs: 3_600_000, maxWatches: 10, maxWatchedIds: 10 }, () => {});
  const watches = new Watches(store, new ResultCache(store, 0), new FairTurns(1), hub);
  const known = { id: 'x', version: { incarnation: 0, revision: 0 } };
  const times = { firstReadMs: 3_600_000, heartbeatMs: 3_600_000, maxAgeMs: 3_600_000 };
  try {
    const events: WatchEvent[] = [];
    const send = (event: WatchEvent) => events.push(event) > 0;
    const over = new Promise((resolve) => {
      watches
        .byIds({ known: [known], view: 'FULL', keepOpen: true }, times, {
          caller: ITSELF,
          hasRoom: () => true,
          send,
          over: resolve,
        })
        .open();
    });
    const waited = watches.waitFor(known, 'FINISHED', 'FULL', 3_600_000, ITSELF, new AbortController().signal);
    hub.close();
    expect(await over).toBeNull();
    expect(events).toEqual([{ kind: 'end', reason: 'SHUTTING_DOWN' }]);
    await expect(waited).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  } finally {
    await close();
  }
});
