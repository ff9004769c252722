import type { Micros, TaskResultStatus } from './task-result';

/**
 * The incarnation of a result while the transaction that creates it is under way: it is the number of the transaction,
 * which the database gives only then.
 */
export const PENDING_INCARNATION = 0;

/**
 * The part of a result that the rules look at. Its size does not depend on the number of attempts, so that a write
 * always costs the same.
 */
export interface ResultState {
  id: string;
  status: TaskResultStatus;
  incarnation: number;
  revision: number;
  /** Attempts started so far. */
  attempts: number;
  maxAttempts: number;
  /** Errors so far, dropped ones included. */
  errorCount: number;
  enqueuedAt: Micros;
  startedAt: Micros | null;
  lastAttemptedAt: Micros | null;
  finishedAt: Micros | null;
  /** Null: the running attempt has no lease. Only while RUNNING. */
  leaseExpiresAt: Micros | null;
  expiresAt: Micros | null;
  /**
   * The newest time given to this result. Each change has a later one than the change before, whatever the clock says.
   */
  changedAt: Micros;
  /** Fingerprint of the create, to tell the same content from other content. */
  createFingerprint: string;
  /** Fingerprint of the newest create, finish or failure, to tell its repetition from another call. */
  stateFingerprint: string;
  /** UTF-8 bytes of arguments and return value, for reads bounded in bytes. */
  payloadBytes: number;
  /** What all errors so far count, in bytes, dropped ones included: see MAX_ERRORS_SIZE. */
  errorBytes: number;
}
