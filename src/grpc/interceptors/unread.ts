import { TaskResultsError } from '../../domain/errors';
import type { Gate } from '../admission/gate';
import type { Interceptor } from './interceptor';

/**
 * Where the calls of a connection hold too much memory already, as when nobody reads their answers, no further answer
 * is made. A stream has no answer in the end, and looks after its messages itself.
 */
export function unread(gate: Gate): Interceptor {
  return async (call, next) => {
    const answer = await next();
    if (answer !== undefined && gate.memoryOf(call.metadata).isSpent) {
      throw new TaskResultsError('LIMIT_REACHED', 'too many answers of this connection are unread');
    }
    return answer;
  };
}
