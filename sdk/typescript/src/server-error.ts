import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo } from '@taskresults/protocol/google/rpc/error_details';
import { Status } from '@taskresults/protocol/google/rpc/status';
import { milliseconds } from './duration';
import * as errors from './errors';
import { MAX_TIMER_MS } from './timer';

const DOMAIN = 'taskresults.v1';

/** What gRPC says of a proxy that fails. */
const NOT_KNOWN = / Last error: undefined\.?/;

const CLASSES: Readonly<Record<string, new (failure: errors.Failure) => errors.TaskResultsError>> = {
  TASK_RESULT_DOES_NOT_EXIST: errors.TaskResultDoesNotExistError,
  TASK_RESULT_MISMATCH: errors.TaskResultMismatchError,
  TASK_RESULT_EXISTS: errors.TaskResultExistsError,
  STALE_ATTEMPT: errors.StaleAttemptError,
  ATTEMPT_IN_PROGRESS: errors.AttemptInProgressError,
  ILLEGAL_TRANSITION: errors.IllegalTransitionError,
  REVISION_MISMATCH: errors.RevisionMismatchError,
  INVALID_FIELD: errors.InvalidFieldError,
  PAYLOAD_TOO_LARGE: errors.PayloadTooLargeError,
  LIMIT_REACHED: errors.LimitReachedError,
  STORE_UNAVAILABLE: errors.StoreUnavailableError,
  SHUTTING_DOWN: errors.ShuttingDownError,
  UNAUTHENTICATED: errors.UnauthenticatedError,
  PERMISSION_DENIED: errors.PermissionDeniedError,
  INTERNAL: errors.InternalError,
};

/**
 * The error for a call that was not answered OK. Without a reason of the server it begins with `way`, which names the
 * proxy in between. Never throws: details that cannot be read are left out.
 */
export function serverError(error: ServiceError, way = ''): errors.TaskResultsError {
  try {
    return detailedError(error, way);
  } catch {
    return plainError(error, way);
  }
}

function plainError(
  { code, details }: Pick<ServiceError, 'code' | 'details'>,
  way: string,
  retryAfterMs = 0,
): errors.TaskResultsError {
  const message = way + details.replace(NOT_KNOWN, '');
  return new errors.TaskResultsError({ reason: status[code], code, message, retryAfterMs });
}

function detailedError({ code, details: message, metadata }: ServiceError, way: string): errors.TaskResultsError {
  const [packed] = metadata.get('grpc-status-details-bin');
  const details = packed instanceof Buffer ? Status.decode(packed).details : [];
  const detail = (type: string) => details.find(({ typeUrl }) => typeUrl.endsWith(`/google.rpc.${type}`))?.value;
  const [info, badRequest, retry] = [detail('ErrorInfo'), detail('BadRequest'), detail('RetryInfo')];

  const { reason, domain } = info ? ErrorInfo.decode(info) : { reason: '', domain: '' };
  const retryAfterMs = retry ? Math.min(milliseconds(RetryInfo.decode(retry).retryDelay), MAX_TIMER_MS) : 0;
  if (domain !== DOMAIN) return plainError({ code, details: message }, way, retryAfterMs);
  const fields = badRequest ? BadRequest.decode(badRequest).fieldViolations.map(({ field }) => field) : [];
  const Class = CLASSES[reason] ?? errors.TaskResultsError;
  return new Class({ reason, code, message, fields, retryAfterMs });
}

/** A copy for another caller that the same error concerns: each may give it a cause. */
export function sameError(error: errors.TaskResultsError): errors.TaskResultsError {
  const Class = CLASSES[error.reason];
  // The name of a code, such as INTERNAL, may stand for a reason that the server did not give.
  return new (Class && error instanceof Class ? Class : errors.TaskResultsError)(error);
}

/** The same as a server would have said it, of a result that is gone. */
export function doesNotExist(id: string): errors.TaskResultsError {
  return new errors.TaskResultDoesNotExistError({
    reason: 'TASK_RESULT_DOES_NOT_EXIST',
    code: status.NOT_FOUND,
    message: `task result "${id}" does not exist`,
  });
}
