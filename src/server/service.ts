import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { CorrectedClock, systemClock } from '../domain/clock';
import { maxRowSize } from '../domain/limits';
import type { Micros } from '../domain/task-result';
import { startGrpcServer } from '../grpc/server';
import { ChangeFeed } from '../service/changes/change-feed';
import { Housekeeping } from '../service/maintenance/housekeeping';
import { Timekeeper } from '../service/maintenance/timekeeper';
import { Reads } from '../service/reading/reads';
import { ResultCache } from '../service/reading/result-cache';
import { WatchHub } from '../service/watching/watch-hub';
import { Watches } from '../service/watching/watches';
import { Lifecycle } from '../service/writing/lifecycle';
import { openStore } from '../store/open';

export interface RunningService {
  readonly port: number;
  /** Takes no more calls, ends the watches, lets calls under way end, and closes the store. */
  stop(): Promise<void>;
}

/**
 * Wires the service together and starts it. Rejects, with nothing left open, when it cannot be started, or when
 * `signal` is aborted while it waits for others to migrate the database.
 */
export async function startService(
  config: Config,
  log: Logger,
  clock = new CorrectedClock(systemClock()),
  signal?: AbortSignal,
): Promise<RunningService> {
  const store = await openStore(config.database, {
    clock: clock.read,
    retention: config.retention,
    whenOutdated: config.migrate || config.database.engine === 'sqlite' ? 'migrate' : 'refuse',
    maxRowBytes: maxRowSize(config.limits),
    signal,
  });
  const onError = (error: unknown) => log.error(error);
  const timekeeper = new Timekeeper(store, clock, (offset) => logOffset(log, offset));
  const feed = new ChangeFeed(store, config.watch, onError);
  const cache = new ResultCache(store, config.cacheBytes);
  const hub = new WatchHub(
    store,
    feed,
    {
      rereadMs: config.watch.rereadMs,
      maxWatches: config.limits.maxWatches,
      maxWatchedIds: config.limits.maxWatchedIds,
    },
    onError,
  );
  feed.subscribe(cache);
  feed.subscribe(hub);
  const lifecycle = new Lifecycle(store, (id, version) => feed.announce(id, version));
  const housekeeping = new Housekeeping(store, lifecycle, clock.read, config.changeLogRetention, onError);
  try {
    await timekeeper.start();
    await feed.start();
    hub.start();
    const server = await startGrpcServer(new Reads(store, cache), lifecycle, new Watches(store, cache, hub), {
      host: config.host,
      port: config.port,
      limits: config.limits,
      tokens: config.tokens,
      acceptCompressed: config.acceptCompressed,
      watchMaxAgeMs: config.watch.maxAgeMs,
      keepalive: config.keepalive,
      onInternalError: onError,
    });
    housekeeping.start();
    return {
      port: server.port,
      async stop() {
        server.announceStop();
        hub.close();
        await Promise.all([housekeeping.stop(), feed.stop(), timekeeper.stop()]);
        await server.close(config.shutdownGraceMs);
        await lifecycle.close();
        await store.close();
      },
    };
  } catch (error) {
    hub.close();
    await Promise.all([feed.stop(), timekeeper.stop()]);
    await store.close();
    throw error;
  }
}

/** `offset`: see CorrectedClock. */
function logOffset(log: Logger, offset: Micros): void {
  const offsetMs = Math.round(offset / 1_000);
  const seconds = (Math.abs(offsetMs) / 1_000).toFixed(1);
  const way = offset < 0 ? 'ahead of' : 'behind';
  if (Math.abs(offsetMs) < 1_000) log.info({ offsetMs }, "this machine's clock is right again");
  else log.warn({ offsetMs }, `this machine's clock is ${seconds} s ${way} the database's, whose time counts`);
}
