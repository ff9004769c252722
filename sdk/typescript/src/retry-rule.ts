import { status } from '@grpc/grpc-js';
import {
  IllegalTransitionError,
  InternalError,
  InvalidFieldError,
  LimitReachedError,
  NotEncodableError,
  PayloadTooLargeError,
  StaleAttemptError,
  TaskResultDoesNotExistError,
  TaskResultsError,
} from './errors';

/** A watch that meets so many bugs of the server in a row is given up. */
const MAX_BUGS = 3;

/** What a report or a renewal is refused with when the attempt is no longer this worker's. */
const LOSSES = [StaleAttemptError, IllegalTransitionError, TaskResultDoesNotExistError];

/** Reasons with which a report is refused that is unfit itself. */
const REFUSALS = [NotEncodableError, InvalidFieldError, PayloadTooLargeError];

/** How the gRPC libraries say that a message is larger than either side allows. They have no reason for it. */
const TOO_LARGE = /\b(message|size) larger than\b|\bexceeds maximum size\b/i;

/** How the gRPC libraries say that a stream was reset with ENHANCE_YOUR_CALM. They have no reason for it, either. */
const CALM = /\bENHANCE_YOUR_CALM\b|\bRST_STREAM with error code 11\b|\bbandwidth exhausted\b/i;

/**
 * Whether a call that failed so is to be made again, or a stream to be opened again: see "What is worth another try" in
 * sdk/README.md. Without a code nothing was said: it was ended on this side.
 */
export function isWorthRepeating(error: TaskResultsError): boolean {
  switch (error.code) {
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return true;
    case status.RESOURCE_EXHAUSTED:
      return tellsLimit(error);
    case status.INTERNAL:
    case status.UNKNOWN:
      return !hasReason(error);
    default:
      return false;
  }
}

/** The server, or the link to it, has as much to do as it can. */
export function tellsLimit(error: TaskResultsError): boolean {
  return error instanceof LimitReachedError || (error.code === status.RESOURCE_EXHAUSTED && CALM.test(error.message));
}

/** The server itself has said it. Otherwise the name of the code is the reason; the server's INTERNAL has a class. */
function hasReason(error: TaskResultsError): boolean {
  return error instanceof InternalError || (error.code !== null && error.reason !== status[error.code]);
}

/** The same for a stream that is opened again and again: it outlives bugs of the server, unless many come in a row. */
export class StreamRule {
  #bugs = 0;

  isWorthReopening(error: TaskResultsError): boolean {
    const isBug = error.code === status.INTERNAL && hasReason(error);
    return isBug ? ++this.#bugs < MAX_BUGS : isWorthRepeating(error);
  }

  /** The stream has sent something. */
  reset(): void {
    this.#bugs = 0;
  }
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
