import type { Logger } from 'pino';
import type { Config } from '../config/config';
import { CorrectedClock, systemClock } from '../domain/clock';
import { maxRowSize } from '../domain/limits';
import { Stopwatch } from '../domain/stopwatch';
import type { Micros } from '../domain/task-result';
import { startGrpcServer } from '../grpc/server';
import { BoundedStore } from '../service/bounded-store';
import { ChangeFeed } from '../service/changes/change-feed';
import { FairTurns } from '../service/fair-turns';
import { Housekeeping } from '../service/maintenance/housekeeping';
import { Timekeeper } from '../service/maintenance/timekeeper';
import { MAX_READS_OF_MANY, Reads } from '../service/reading/reads';
import { ResultCache } from '../service/reading/result-cache';
import { within } from '../service/time-bound';
import { WatchHub } from '../service/watching/watch-hub';
import { Watches } from '../service/watching/watches';
import { Lifecycle } from '../service/writing/lifecycle';
import { openStore } from '../store/open';

/** How long a stop may take beyond the grace of calls: to decide what was queued, and to close the store. */
const STOP_MARGIN_MS = 1_000;

export interface RunningService {
  readonly port: number;
  /**
   * Takes no more calls, ends the watches, lets calls under way end, and closes the store: all within the grace and a
   * second. A store that hangs is left behind then, with connections that keep the process from ending by itself.
   */
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
  const opened = await openStore(config.database, {
    clock: clock.read,
    retention: config.retention,
    whenOutdated: config.migrate || config.database.engine === 'sqlite' ? 'migrate' : 'refuse',
    maxRowBytes: maxRowSize(config.limits),
    signal,
  });
  const store = new BoundedStore(opened, config.callTimeoutMs);
  const onError = (error: unknown) => log.error(error);
  const timekeeper = new Timekeeper(store, clock, (offset) => logOffset(log, offset));
  const feed = new ChangeFeed(store, config.watch, onError);
  const cache = new ResultCache(store, config.cacheBytes);
  const turns = new FairTurns(MAX_READS_OF_MANY);
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
    const reads = new Reads(store, cache, turns);
    const watches = new Watches(store, cache, turns, hub);
    const server = await startGrpcServer(reads, lifecycle, watches, {
      host: config.host,
      port: config.port,
      limits: config.limits,
      tokens: config.tokens,
      acceptCompressed: config.acceptCompressed,
      watchMaxAgeMs: config.watch.maxAgeMs,
      callTimeoutMs: config.callTimeoutMs,
      keepalive: config.keepalive,
      onInternalError: onError,
    });
    housekeeping.start();
    return {
      port: server.port,
      async stop() {
        const since = new Stopwatch();
        server.announceStop();
        hub.close();
        const idle = Promise.all([housekeeping.stop(), feed.stop(), timekeeper.stop()]);
        await server.close(config.shutdownGraceMs);
        const closed = Promise.all([idle, lifecycle.close()]).then(() => store.close());
        const leftMs = Math.max(0, config.shutdownGraceMs - since.ms) + STOP_MARGIN_MS;
        await within(leftMs, closed).catch(onError);
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
