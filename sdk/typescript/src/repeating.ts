import { status } from '@grpc/grpc-js';
import { InternalError, LimitReachedError, TaskResultsError } from './errors';

/** Credentials, bad input, limits of a field: a stream that is opened again would only meet them again. */
const BEYOND_MENDING: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
];

/** Whether a call that failed so is to be made again. */
export function isWorthRepeating({ code }: TaskResultsError): boolean {
  return code === status.UNAVAILABLE;
}

/** Whether a watch that ended with this error is to be opened again. Without a code it was ended on this side. */
export function isWorthReopening({ code }: TaskResultsError): boolean {
  return typeof code === 'number' && !BEYOND_MENDING.includes(code);
}

/** Whether the server may take the report of an outcome a moment later: all that is no answer to what it says. */
export function isWorthReportingAgain(error: TaskResultsError): boolean {
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.ABORTED:
    case status.CANCELLED:
    case status.UNKNOWN:
      return true;
    case status.RESOURCE_EXHAUSTED:
      return !isTooLargeForMessage(error);
    case status.INTERNAL:
      // Otherwise it is a bug of the server, and not a link that was lost on the way.
      return !(error instanceof InternalError);
    default:
      return false;
  }
}

/** Refused by the transport, without a reason: the message is larger than any may be. */
export function isTooLargeForMessage(error: unknown): boolean {
  const isExhausted = error instanceof TaskResultsError && error.code === status.RESOURCE_EXHAUSTED;
  return isExhausted && !(error instanceof LimitReachedError);
}
