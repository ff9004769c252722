import type { Caller } from '../../domain/caller';
import { abandoned, doesNotExist, shuttingDown } from '../../domain/errors';
import type { TaskResultStore } from '../../domain/store';
import { isFinished, type TaskResult, type View } from '../../domain/task-result';
import { isSameVersion, NO_VERSION } from '../../domain/version';
import type { FairTurns } from '../fair-turns';
import type { KnownResult } from '../reading/reads';
import type { ResultCache } from '../reading/result-cache';
import { FilterWatch, type FilterWatchOptions } from './filter-watch';
import { IdWatch, type IdWatchOptions } from './id-watch';
import type { Sink, Watch, WatchEvent, WatchTimes } from './watch';
import type { WatchHub } from './watch-hub';

/** A wait has an end of its own, and its caller hears nothing before that. */
const NEVER: WatchTimes = {
  firstReadMs: Number.POSITIVE_INFINITY,
  heartbeatMs: Number.POSITIVE_INFINITY,
  maxAgeMs: Number.POSITIVE_INFINITY,
};

export type Until = 'FINISHED' | 'CHANGED';

export interface Waited {
  result: TaskResult;
  timedOut: boolean;
}

/** What the calls mean that follow results. */
export class Watches {
  constructor(
    private readonly store: TaskResultStore,
    private readonly cache: ResultCache,
    private readonly turns: FairTurns,
    private readonly hub: WatchHub,
  ) {}

  /** A watch that does nothing before it is opened. */
  byIds(options: IdWatchOptions, times: WatchTimes, sink: Sink): Watch {
    return new IdWatch(this.hub, this.cache, this.turns, options, times, sink);
  }

  /** A watch that does nothing before it is opened. */
  byFilter(options: FilterWatchOptions, times: WatchTimes, sink: Sink): Watch {
    return new FilterWatch(this.hub, this.store, this.cache, this.turns, options, times, sink);
  }

  /**
   * Waits until a result is finished, or has another version than the known one, for at most `timeoutMs`, or until
   * `gone` is aborted, since the caller has gone. Rejects with TASK_RESULT_DOES_NOT_EXIST also when it is deleted
   * meanwhile; one that was created anew in place of the known one is a change.
   */
  async waitFor(
    known: KnownResult,
    until: Until,
    view: View,
    timeoutMs: number,
    caller: Caller,
    gone: AbortSignal,
  ): Promise<Waited> {
    const isChangeWanted = until === 'CHANGED';
    const from = isChangeWanted ? known : { id: known.id, version: NO_VERSION };
    // Kept open, or a finished result that the caller has already would end the wait before its time.
    const options = { known: [from], view, keepOpen: isChangeWanted };
    const isReached = (result: TaskResult) =>
      isChangeWanted ? !isSameVersion(result, known.version) : isFinished(result.status);
    let stop = () => {};
    try {
      const reached = await new Promise<TaskResult | null>((resolve, reject) => {
        const send = (event: WatchEvent): boolean => {
          const isGone = event.kind === 'deleted' && !(event.isReplaced && isChangeWanted);
          if (isGone || event.kind === 'notFound') reject(doesNotExist(known.id));
          else if (event.kind === 'end' && event.reason === 'SHUTTING_DOWN') reject(shuttingDown());
          else if (event.kind === 'snapshot' && isReached(event.result)) resolve(event.result);
          return true;
        };
        const watch = this.byIds(options, NEVER, { caller, hasRoom: () => true, send, over: reject });
        const onOver = () => resolve(null);
        // Not `AbortSignal.timeout` within `AbortSignal.any`: Node.js 20 collects it as garbage, and the wait never
        // ends.
        const timer = setTimeout(onOver, Math.ceil(timeoutMs));
        gone.addEventListener('abort', onOver);
        stop = () => {
          clearTimeout(timer);
          gone.removeEventListener('abort', onOver);
          watch.close();
        };
        watch.open();
        if (gone.aborted) onOver();
      });
      if (reached) return { result: reached, timedOut: false };
      if (caller.isGone) throw abandoned();
      // What the watch has read may be out of date, when the store has hung since.
      const result = await this.cache.read(known.id, view);
      if (!result) throw doesNotExist(known.id);
      return { result, timedOut: !isReached(result) };
    } finally {
      stop();
    }
  }
}
