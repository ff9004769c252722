import type { TaskResult } from '@taskresults/protocol/taskresults/v1/task_result';
import { statusOf } from './answers';
import { Cancellation, cancelled, throwIfCancelled } from './cancellation';
import { refuseMalformed } from './encode-request';
import { Latest } from './latest';
import { StreamRule } from './retry-rule';
import type { SharedWatch } from './shared-watch';
import { isFinal, type TaskResultVersion } from './task-result-fields';

/**
 * The states of a result that are newer than `version`, up to the finished one. A caller that reads slowly may miss
 * some in between.
 */
export async function* newerStates(
  watches: SharedWatch,
  id: string,
  version: TaskResultVersion,
  ...signals: readonly (AbortSignal | undefined)[]
): AsyncGenerator<TaskResult, void, undefined> {
  refuseMalformed(id, 'id');
  throwIfCancelled(...signals);
  const cancellation = new Cancellation(...signals);
  const { signal } = cancellation;
  const latest = new Latest<TaskResult>();
  signal.addEventListener('abort', () => latest.fail(cancelled(signal)));
  const leave = watches.join({
    id,
    version,
    rule: new StreamRule(),
    changed: (result) => latest.put(result),
    lost: (error) => latest.fail(error),
  });
  try {
    for (;;) {
      const result = await latest.take();
      yield result;
      if (isFinal(statusOf(result.status))) return;
    }
  } finally {
    leave();
    cancellation.release();
  }
}
