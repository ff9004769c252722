import { doesNotExist, shuttingDown } from '../domain/errors';
import { isFinished, type TaskResult, type View } from '../domain/task-result';
import { IdWatch } from './id-watch';
import type { KnownResult } from './reads';
import { watch } from './watch';
import type { WatchHub } from './watch-hub';

export type Until = 'FINISHED' | 'CHANGED';

export interface Waited {
  result: TaskResult;
  timedOut: boolean;
}

/**
 * Waits until a result is finished, or has another revision than the known one, for at most `timeoutMs`. Rejects with
 * TASK_RESULT_DOES_NOT_EXIST also when it is deleted meanwhile.
 */
export async function waitFor(
  hub: WatchHub,
  known: KnownResult,
  until: Until,
  view: View,
  timeoutMs: number,
  gone: AbortSignal,
): Promise<Waited> {
  const from = until === 'CHANGED' ? known : { id: known.id, revision: 0 };
  // Kept open, or a finished result that is known already would end the wait before its time.
  const subject = new IdWatch(hub, [from], view, until === 'CHANGED');
  const over = AbortSignal.any([gone, AbortSignal.timeout(timeoutMs)]);
  const never = { heartbeatMs: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY };
  let result: TaskResult | null = null;
  for await (const event of watch(subject, never, over)) {
    if (event.kind === 'deleted' || event.kind === 'notFound') throw doesNotExist(known.id);
    if (event.kind === 'end' && event.reason === 'SHUTTING_DOWN') throw shuttingDown();
    if (event.kind !== 'snapshot') continue;
    result = event.result;
    if (until === 'CHANGED' || isFinished(result.status)) return { result, timedOut: false };
  }
  result ??= await hub.read(known.id, view);
  if (!result) throw doesNotExist(known.id);
  return { result, timedOut: true };
}
