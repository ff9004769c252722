import { ITSELF } from '../../../src/domain/caller';
import type { Command } from '../../../src/domain/command';
import { MAX_COMMANDS } from '../../../src/domain/store';
import { ChangeFeed } from '../../../src/service/changes/change-feed';
import { FairTurns } from '../../../src/service/fair-turns';
import { ResultCache } from '../../../src/service/reading/result-cache';
import type { WatchEvent } from '../../../src/service/watching/watch';
import { WatchHub } from '../../../src/service/watching/watch-hub';
import { Watches } from '../../../src/service/watching/watches';
import { create, filter, start } from '../../support/commands';
import { openTemporaryStore } from '../../support/temporary-store';
import { until } from '../../support/until';

/** More than the changed ids that are remembered for a slow client. */
const COUNT = 15_000;

test('many results that match no longer are found by one scan, though others change meanwhile', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  const doForAll = async (command: (id: string) => Command) => {
    const commands = Array.from({ length: COUNT }, (_, i) => command(`r${i}`));
    for (let i = 0; i < COUNT; i += MAX_COMMANDS) await store.transact(commands.slice(i, i + MAX_COMMANDS));
  };
  let scans = 0;
  const list = store.list.bind(store);
  store.list = (asked, after, limit) => {
    if (after === null) scans++;
    return list(asked, after, limit);
  };
  // Never started: the watch learns what is new by its scans alone.
  const feed = new ChangeFeed(store, { pollFastMs: 1_000, pollSlowMs: 1_000 }, () => {});
  const hub = new WatchHub(store, feed, { rereadMs: 3_600_000, maxWatches: 1, maxWatchedIds: 1 }, () => {});
  const watches = new Watches(store, new ResultCache(store, 0), new FairTurns(1), hub);
  const counts = { snapshot: 0, unmatched: 0 };
  const send = ({ kind }: WatchEvent) => {
    if (kind === 'snapshot' || kind === 'unmatched') counts[kind]++;
    // Anything may change between two reads; this here is of no interest to the watch.
    if (kind === 'unmatched') hub.changed('another', { incarnation: 1, revision: counts.unmatched });
    return true;
  };
  const watched = { filter: filter({ statuses: ['READY'] }), view: 'FULL' as const };
  const times = { firstReadMs: 3_600_000, heartbeatMs: 3_600_000, maxAgeMs: 3_600_000 };
  const watch = watches.byFilter(watched, times, { caller: ITSELF, hasRoom: () => true, send, over: () => {} });
  try {
    await doForAll((id) => create(id));
    watch.open();
    await until(() => counts.snapshot === COUNT, 'the client has all');

    await doForAll((id) => start(id));
    scans = 0;
    watch.recheck();
    await until(() => counts.unmatched === COUNT, 'the client has none');
    expect(scans).toBe(1);
  } finally {
    watch.close();
    hub.close();
    await close();
  }
});
