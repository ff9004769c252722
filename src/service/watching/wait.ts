import { doesNotExist, shuttingDown } from '../../domain/errors';
import { isFinished, type TaskResult, type View } from '../../domain/task-result';
import { NO_VERSION } from '../../domain/version';
import { deferred } from '../deferred';
import type { KnownResult } from '../reading/reads';
import { IdWatch } from './id-watch';
import { Watch } from './watch';
import type { WatchHub } from './watch-hub';

export type Until = 'FINISHED' | 'CHANGED';

export interface Waited {
  result: TaskResult;
  timedOut: boolean;
}

/**
 * Waits until a result is finished, or has another version than the known one, for at most `timeoutMs`. Rejects with
 * TASK_RESULT_DOES_NOT_EXIST also when it is deleted meanwhile; one that was created anew in place of the known one is
 * a change.
 */
export async function waitFor(
  hub: WatchHub,
  known: KnownResult,
  until: Until,
  view: View,
  timeoutMs: number,
  gone: AbortSignal,
): Promise<Waited> {
  const from = until === 'CHANGED' ? known : { id: known.id, version: NO_VERSION };
  // Kept open, or a finished result that is known already would end the wait before its time.
  const subject = new IdWatch(hub, [from], view, until === 'CHANGED');
  const over = AbortSignal.any([gone, AbortSignal.timeout(Math.ceil(timeoutMs))]);
  const { promise, resolve, reject } = deferred<TaskResult | null>();
  let latest: TaskResult | null = null;
  const watch = new Watch(subject, NEVER, {
    send(event) {
      const isGone = event.kind === 'deleted' && !(event.isReplaced && until === 'CHANGED');
      if (isGone || event.kind === 'notFound') reject(doesNotExist(known.id));
      else if (event.kind === 'end' && event.reason === 'SHUTTING_DOWN') reject(shuttingDown());
      else if (event.kind === 'snapshot') {
        latest = event.result;
        if (until === 'CHANGED' || isFinished(latest.status)) resolve(latest);
      }
      return true;
    },
    over: reject,
  });
  const onOver = () => resolve(null);
  over.addEventListener('abort', onOver);
  try {
    watch.open();
    if (over.aborted) onOver();
    const reached = await promise;
    if (reached) return { result: reached, timedOut: false };
    const result = latest ?? (await hub.read(known.id, view));
    if (!result) throw doesNotExist(known.id);
    return { result, timedOut: true };
  } finally {
    over.removeEventListener('abort', onOver);
    watch.close();
  }
}

/** A wait has an end of its own, and its caller hears nothing before that. */
const NEVER = { heartbeatMs: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY };
