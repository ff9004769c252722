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

/** What links and proxies say, or a server that is away: nothing about the call itself. */
const SAYS_NOTHING: readonly number[] = [status.UNAVAILABLE, status.INTERNAL, status.UNKNOWN, status.CANCELLED];

/** A watch that meets so many bugs of the server in a row is given up. */
const MAX_BUGS = 3;

/** What a report or a renewal is refused with when the attempt is no longer this worker's. */
const LOSSES = [StaleAttemptError, IllegalTransitionError, TaskResultDoesNotExistError];

/** Reasons with which a report is refused that is unfit itself. */
const REFUSALS = [NotEncodableError, InvalidFieldError, PayloadTooLargeError];

/** How the gRPC libraries say that a message is larger than either side allows. They have no reason for it. */
const TOO_LARGE = /\b(message|size) larger than\b|\bexceeds maximum size\b/i;

/**
 * Whether a call that failed so is to be made again, or a stream to be opened again: see "What is worth another try" in
 * sdk/README.md. Without a code nothing was said: it was ended on this side.
 */
export function isWorthRepeating(error: TaskResultsError): boolean {
  if (error instanceof LimitReachedError) return true;
  return error.code !== null && SAYS_NOTHING.includes(error.code) && !(error instanceof InternalError);
}

/** The same for a stream that is opened again and again: it outlives bugs of the server, unless many come in a row. */
export class StreamRule {
  #bugs = 0;

  isWorthReopening(error: TaskResultsError): boolean {
    return error instanceof InternalError && error.code !== null ? ++this.#bugs < MAX_BUGS : isWorthRepeating(error);
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
