import { TaskResultsError } from '../domain/errors';

/**
 * Settles as `work` does, or rejects with STORE_UNAVAILABLE after `ms` milliseconds, since a store that hangs says
 * nothing. What comes of the work later is dropped.
 */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswerWithin(ms)), ms);
    const settle = <Value>(how: (value: Value) => void, value: Value) => {
      clearTimeout(timer);
      how(value);
    };
    work.then(
      (value) => settle(resolve, value),
      (error) => settle(reject, error),
    );
  });
}

/** The error of that. */
export function noAnswerWithin(ms: number): TaskResultsError {
  return new TaskResultsError('STORE_UNAVAILABLE', `the store did not answer within ${ms / 1_000} s`);
}
