import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { systemClock } from '../domain/clock';
import { maxRowSize } from '../domain/limits';
import type { Clock } from '../domain/task-result';
import { startGrpcServer } from '../grpc/server';
import { Housekeeping } from '../service/maintenance/housekeeping';
import { Reads } from '../service/reading/reads';
import { ResultReader } from '../service/reading/result-reader';
import { WatchHub } from '../service/watching/watch-hub';
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
  const reader = new ResultReader(store, config.cacheBytes);
  const hub = new WatchHub(
    store,
    reader,
    { ...config.watch, mostWatches: config.limits.maxWatches, mostWatchedIds: config.limits.maxWatchedIds },
    onError,
  );
  const lifecycle = new Lifecycle(store, (id, version) => hub.changed(id, version));
  const housekeeping = new Housekeeping(store, lifecycle, clock, config.changeLogRetention, onError);
  try {
    await hub.start();
    const server = await startGrpcServer(new Reads(store, reader), lifecycle, hub, {
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
        await Promise.all([housekeeping.stop(), hub.close()]);
        await server.close(config.shutdownGraceMs);
        await lifecycle.close();
        await store.close();
      },
    };
  } catch (error) {
    await hub.close();
    await store.close();
    throw error;
  }
}
