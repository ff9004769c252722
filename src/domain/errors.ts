/** Everything that a caller may be told, by the reason that travels in `google.rpc.ErrorInfo`. */
export type Reason =
  | 'INVALID_FIELD'
  | 'PAYLOAD_TOO_LARGE'
  | 'TASK_RESULT_DOES_NOT_EXIST'
  | 'TASK_RESULT_MISMATCH'
  | 'TASK_RESULT_EXISTS'
  | 'STALE_ATTEMPT'
  | 'ATTEMPT_IN_PROGRESS'
  | 'ILLEGAL_TRANSITION'
  | 'REVISION_MISMATCH'
  | 'LIMIT_REACHED'
  | 'STORE_UNAVAILABLE'
  | 'SHUTTING_DOWN'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED';

/**
 * An answer other than OK. The message is for the caller: it never holds SQL, driver text or payloads. Anything else
 * that is thrown is a bug, and the caller learns no more than that.
 */
export class TaskResultsError extends Error {
  override readonly name = 'TaskResultsError';

  constructor(
    readonly reason: Reason,
    message: string,
    /** The field at fault, named as in the proto (`task.path`), where there is one. */
    readonly field?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function invalidField(field: string, rule: string): TaskResultsError {
  return new TaskResultsError('INVALID_FIELD', `${field}: ${rule}`, field);
}

export function payloadTooLarge(field: string, rule: string): TaskResultsError {
  return new TaskResultsError('PAYLOAD_TOO_LARGE', `${field}: ${rule}`, field);
}

export function doesNotExist(id: string): TaskResultsError {
  return new TaskResultsError('TASK_RESULT_DOES_NOT_EXIST', `task result "${id}" does not exist`);
}

export function shuttingDown(): TaskResultsError {
  return new TaskResultsError('SHUTTING_DOWN', 'the server is shutting down');
}

/** Of work that nobody waits for any more. Nobody reads it, and nothing is logged. */
export function abandoned(): TaskResultsError {
  return new TaskResultsError('STORE_UNAVAILABLE', 'the caller has gone');
}

/** The cause is for the log, never for the caller. */
export function storeUnavailable(cause: unknown): TaskResultsError {
  return new TaskResultsError('STORE_UNAVAILABLE', 'the store is out of reach', undefined, { cause });
}
