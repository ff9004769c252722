import { MAX_BASIC_ERROR_MESSAGE_SIZE, MAX_WORKER_IDS_SIZE } from './limits';
import type { TaskResult, View } from './task-result';
import { byteLength, cutText } from './text';

/** A worker id counts that many bytes besides its text, as it does in a message. */
const WORKER_ID_OVERHEAD = 4;

/** What a view shows of a result. However many attempts there were, its size is bounded: see `limits.ts`. */
export function inView(result: TaskResult, view: View): TaskResult {
  if (view === 'BASIC') return basic(result);
  const workerIds = newestWorkerIds(result.workerIds);
  return workerIds === result.workerIds ? result : { ...result, workerIds };
}

function basic(result: TaskResult): TaskResult {
  return {
    ...result,
    argsJson: '',
    kwargsJson: '',
    returnValueJson: null,
    errors: result.errors.slice(-1).map((error) => ({
      ...error,
      message: cutText(error.message, MAX_BASIC_ERROR_MESSAGE_SIZE),
      traceback: '',
    })),
    workerIds: result.workerIds.slice(-1),
  };
}

/** As many as fit into MAX_WORKER_IDS_SIZE. */
function newestWorkerIds(workerIds: string[]): string[] {
  let bytes = 0;
  for (let i = workerIds.length - 1; i >= 0; i--) {
    bytes += byteLength(workerIds[i] as string) + WORKER_ID_OVERHEAD;
    if (bytes > MAX_WORKER_IDS_SIZE) return workerIds.slice(i + 1);
  }
  return workerIds;
}
