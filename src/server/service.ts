import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { systemClock } from '../domain/clock';
import { maxRowSize } from '../domain/limits';
import type { Clock } from '../domain/task-result';
import { startGrpcServer } from '../grpc/server';
import { ChangeFeed } from '../service/changes/change-feed';
import { Housekeeping } from '../service/maintenance/housekeeping';
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
  clock: Clock = systemClock(),
  signal?: AbortSignal,
): Promise<RunningService> {
  const store = await openStore(config.database, {
    clock,
    retention: config.retention,
    whenOutdated: config.migrate || config.database.engine === 'sqlite' ? 'migrate' : 'refuse',
    maxRowBytes: maxRowSize(config.limits),
    signal,
  });
  const onError = (error: unknown) => log.error(error);
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
  const housekeeping = new Housekeeping(store, lifecycle, clock, config.changeLogRetention, onError);
  try {
    await feed.start();
    hub.start();
    const server = await startGrpcServer(new Reads(store, cache), lifecycle, new Watches(store, cache, hub), {
      host: config.host,
      port: config.port,
      limits: config.limits,
      tokens: config.tokens,
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
        await Promise.all([housekeeping.stop(), feed.stop()]);
        await server.close(config.shutdownGraceMs);
        await lifecycle.close();
        await store.close();
      },
    };
  } catch (error) {
    hub.close();
    await feed.stop();
    await store.close();
    throw error;
  }
}
