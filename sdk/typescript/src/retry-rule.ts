import { status } from '@grpc/grpc-js';
import {
  IllegalTransitionError,
  InvalidFieldError,
  NotEncodableError,
  PayloadTooLargeError,
  StaleAttemptError,
  TaskResultDoesNotExistError,
  TaskResultsError,
} from './errors';

/** Credentials, bad input, limits of a field: a stream that is opened again would only meet them again. */
const BEYOND_MENDING: readonly number[] = [
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
];

/** What a report or a renewal is refused with when the attempt is no longer this worker's. */
const LOSSES = [StaleAttemptError, IllegalTransitionError, TaskResultDoesNotExistError];

/** What is said of a report that is unfit itself. */
const REFUSALS = [NotEncodableError, InvalidFieldError, PayloadTooLargeError];

/** How the gRPC libraries say that a message is larger than either side allows. They have no reason for it. */
const TOO_LARGE = /\b(message|size) larger than\b|\bexceeds maximum size\b/i;

/** Whether a call that failed so is to be made again. */
export function isWorthRepeating({ code }: TaskResultsError): boolean {
  return code === status.UNAVAILABLE;
}

/** Whether a watch that ended with this error is to be opened again. Without a code it was ended on this side. */
export function isWorthReopening({ code }: TaskResultsError): boolean {
  return typeof code === 'number' && !BEYOND_MENDING.includes(code);
}

/**
 * Whether the report of an outcome may be taken a moment later: after all that was said on the way, by a server or a
 * proxy, and is no answer to the report itself. Without a code nothing was said.
 */
export function isWorthReportingAgain(error: TaskResultsError): boolean {
  return error.code !== null && !isLoss(error) && !isRefusal(error);
}

/** The attempt is no longer this worker's. */
export function isLoss(error: unknown): boolean {
  return LOSSES.some((Loss) => error instanceof Loss);
}

/** The report is unfit: it would be refused again, and another one may be taken. */
export function isRefusal(error: unknown): boolean {
  return REFUSALS.some((Refusal) => error instanceof Refusal) || isTooLargeForMessage(error);
}

/** The code alone is not enough: busy servers and proxies that limit rates answer with it, too. */
export function isTooLargeForMessage(error: unknown): boolean {
  return error instanceof TaskResultsError && error.code === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(error.message);
}
