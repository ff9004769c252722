import type { Status } from '@taskresults/protocol/google/rpc/status';
import { TaskResultsError } from '../../domain/errors';
import { toServiceError, toStatus } from '../status';
import type { Interceptor } from './interceptor';

/** Logs what callers must not see: bugs, and why the store is out of reach. */
export type OnInternalError = (error: unknown) => void;

/** Returns what the caller is told of anything that was thrown, having logged what it must not see. */
export type Refuse = (error: unknown) => Status;

export function refuseAndLog(onInternalError: OnInternalError): Refuse {
  return (error) => {
    if (!(error instanceof TaskResultsError)) onInternalError(error);
    else if (error.cause !== undefined) onInternalError(error.cause);
    return toStatus(error);
  };
}

/**
 * Whatever goes wrong further in, the call ends with a status and details as the contract has them, and with nothing
 * else.
 */
export function errors(refuse: Refuse): Interceptor {
  return async (_call, next) => {
    try {
      return await next();
    } catch (error) {
      throw toServiceError(refuse(error));
    }
  };
}
