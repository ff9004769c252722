import { setTimeout as delay } from 'node:timers/promises';
import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Caller } from '../../domain/caller';
import { TaskResultsError } from '../../domain/errors';
import { MAX_ANSWER_SIZE } from '../../domain/limits';
import { toServiceError, toStatus } from '../status';
import type { CallMemory } from './call-memory';
import { memoryOf } from './counted-stream';

/** What happens to calls whose callers do not read the answers that they have. */

const LOOK_MS = 50;
const MAX_WAIT_MS = 10_000;

/**
 * `serve`, without the answer where the calls of its connection hold too much memory already. It is looked at in the
 * very moment of sending: thousands of answers may be ready in one tick.
 */
export function refusingUnread<Request, Answer>(
  serve: handleUnaryCall<Request, Answer>,
): handleUnaryCall<Request, Answer> {
  return (call, callback) =>
    serve(call, (error, answer) => {
      if (error || !memoryOf(call).isSpent) callback(error, answer);
      else callback(toServiceError(toStatus(unread())));
    });
}

/**
 * Runs a read of many results once there is room for its answer, which is promised as much as there may be. Most such
 * reads wait for their turns and hold nothing: only others of the kind have to wait for them. Rejects with
 * LIMIT_REACHED when its caller, or others, leave no room for long.
 */
export async function withRoom<T>(memory: CallMemory, caller: Caller, read: () => Promise<T>): Promise<T> {
  for (let waited = 0; memory.isCrowded; waited += LOOK_MS) {
    if (waited >= MAX_WAIT_MS || caller.isGone) throw unread();
    await delay(LOOK_MS);
  }
  memory.promise(MAX_ANSWER_SIZE);
  try {
    return await read();
  } finally {
    memory.promise(-MAX_ANSWER_SIZE);
  }
}

function unread(): TaskResultsError {
  return new TaskResultsError('LIMIT_REACHED', 'too many answers of this connection are unread');
}
