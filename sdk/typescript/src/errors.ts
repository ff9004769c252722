import type { TaskError } from './task-result-fields';

/** What a failure is made of. */
export interface Failure {
  reason: string;
  message: string;
  code?: number | null;
  fields?: readonly string[];
  retryAfterMs?: number;
  cause?: unknown;
}

/**
 * Base of every error that this package throws. Most reasons have a class of their own; an answer that carries no
 * reason, from a proxy or a dead link, has the name of its gRPC code as reason and this class.
 */
export class TaskResultsError extends Error {
  /**
   * The contract's reason, such as `STALE_ATTEMPT`; one of the SDK's own, such as `WAIT_TIMED_OUT`; or a gRPC code's
   * name.
   */
  readonly reason: string;
  /** The gRPC code of the answer; null for what no server said. */
  readonly code: number | null;
  /** The fields of the request that break their rules. */
  readonly fields: readonly string[];
  /** How long the server asks not to be asked again, in milliseconds; 0 when it does not say. */
  readonly retryAfterMs: number;

  constructor({ reason, message, code = null, fields = [], retryAfterMs = 0, cause }: Failure) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.reason = reason;
    this.code = code;
    this.fields = fields;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No result has this id (any more). */
export class TaskResultDoesNotExistError extends TaskResultsError {}

/** The id belongs to a task of another path than expected. */
export class TaskResultMismatchError extends TaskResultsError {}

/** The id was given to another task, or to the same one with other content. */
export class TaskResultExistsError extends TaskResultsError {}

/** The attempt is over: another one has been started since, or the result was created anew. */
export class StaleAttemptError extends TaskResultsError {}

/** Another worker's attempt is running, and its lease has not run out. */
export class AttemptInProgressError extends TaskResultsError {}

/** A result in its state does not allow this. */
export class IllegalTransitionError extends TaskResultsError {}

/** The result has another version than the one to be deleted. */
export class RevisionMismatchError extends TaskResultsError {}

/** A field breaks its rule; `fields` names it. */
export class InvalidFieldError extends TaskResultsError {}

/** JSON or metadata above the server's limit; `fields` names it. */
export class PayloadTooLargeError extends TaskResultsError {}

/** A limit of the server is reached, such as the number of open watches. */
export class LimitReachedError extends TaskResultsError {}

/** The server cannot reach its database. Whether a change was made is not known. */
export class StoreUnavailableError extends TaskResultsError {}

/** The server is stopping. Whether a change was made is not known. */
export class ShuttingDownError extends TaskResultsError {}

/** The server requires a token, and got none or an unknown one. */
export class UnauthenticatedError extends TaskResultsError {}

/** The token does not allow this. */
export class PermissionDeniedError extends TaskResultsError {}

/** A bug of the server, or an answer that lacks what it must have. */
export class InternalError extends TaskResultsError {}

/** The return value of a task that failed was asked for. */
export class TaskFailedError extends TaskResultsError {
  constructor(
    /** What was raised, one for each failed attempt, oldest first. */
    readonly errors: readonly TaskError[],
  ) {
    super({ reason: 'TASK_FAILED', message: 'Task failed' });
  }
}

/** The return value of a task that is READY or RUNNING was asked for. */
export class TaskNotFinishedError extends TaskResultsError {
  constructor() {
    super({ reason: 'TASK_NOT_FINISHED', message: 'Task has not finished yet' });
  }
}

/** A wait took longer than it was allowed to. */
export class WaitTimedOutError extends TaskResultsError {
  constructor(id: string, timeoutMs: number) {
    super({ reason: 'WAIT_TIMED_OUT', message: `task result "${id}" was not finished within ${timeoutMs} ms` });
  }
}

/**
 * JSON text that this package's parser cannot read, such as one that is nested too deeply. The text itself can be had.
 */
export class NotDecodableError extends TaskResultsError {
  constructor(what: string, why: string, cause?: unknown) {
    super({ reason: 'NOT_DECODABLE', message: `${what} cannot be read: ${why}`, cause });
  }
}

/** A value that JSON cannot hold. Nothing was sent. */
export class NotEncodableError extends TaskResultsError {
  constructor(what: string, why: string, cause?: unknown) {
    super({ reason: 'NOT_ENCODABLE', message: `${what} cannot be written as JSON: ${why}`, cause });
  }
}

/**
 * The caller's AbortSignal ended it, whose reason is the `cause`; or the client was closed. Its name is `AbortError`.
 */
export class CancelledError extends TaskResultsError {
  constructor(message: string, cause?: unknown) {
    super({ reason: 'CANCELLED', message, cause });
    this.name = 'AbortError';
  }
}
