import { status } from '@grpc/grpc-js';
import { Cancellation, throwIfCancelled } from './cancellation';
import type { ErrorReport } from './error-report';
import { NotEncodableError, PayloadTooLargeError, TaskResultsError } from './errors';
import { Lease } from './lease';
import type { CallOptions, TaskResult } from './task-result';
import type { TaskState } from './task-result-fields';

/** What the function of a task is told. */
export interface RunContext {
  /** The result as it stood just before this attempt was started. */
  readonly result: TaskResult;
  /** The number of this attempt, counted from 1. */
  readonly attempt: number;
  /**
   * Aborted when the attempt is lost, with the error that told so as its reason, and when the caller's signal is. What the
   * function then returns or throws after a loss is not reported.
   */
  readonly signal: AbortSignal;
}

export interface RunOptions {
  /** The attempt is lost when the worker dies and this time has passed; renewed at each third of it. Default 60,000 ms. */
  leaseMs?: number;
  /** Whether another attempt is to be made after this error. Default: never. */
  retry?: (error: unknown, attempt: number) => boolean;
  /** Passed on to the function; the outcome is reported all the same. Aborted already: no attempt is started. */
  signal?: AbortSignal;
}

/** The calls that a run is made of. */
export interface WorkerCalls {
  startAttempt(id: string, workerId: string, options: { leaseMs: number }): Promise<{ attempt: number }>;
  renewLease(id: string, attempt: number, leaseMs: number, options: CallOptions): Promise<TaskState>;
  succeed(id: string, attempt: number, value: unknown): Promise<TaskState>;
  fail(id: string, attempt: number, error: unknown, options: { retry?: boolean }): Promise<TaskState>;
}

/**
 * One attempt at a task: starts it, calls the function, keeps the lease meanwhile, and reports what came of it. Throws what the
 * function threw once that is reported; or the loss of the attempt.
 */
export async function runAttempt(
  calls: WorkerCalls,
  result: TaskResult,
  workerId: string,
  work: (context: RunContext) => unknown,
  { leaseMs = 60_000, retry = () => false, signal }: RunOptions,
): Promise<void> {
  throwIfCancelled(signal);
  const { id } = result;
  const { attempt } = await calls.startAttempt(id, workerId, { leaseMs });
  const lease = new Lease((options) => calls.renewLease(id, attempt, leaseMs, options), leaseMs);
  const cancellation = new Cancellation(lease.lost, signal);
  let value: unknown;
  try {
    value = await work({ result, attempt, signal: cancellation.signal });
  } catch (error) {
    await lease.release();
    lease.lost.throwIfAborted();
    await report(error, () => calls.fail(id, attempt, error, { retry: retry(error, attempt) }));
    throw error;
  } finally {
    await lease.release();
    cancellation.release();
  }
  lease.lost.throwIfAborted();
  try {
    await calls.succeed(id, attempt, value);
  } catch (error) {
    const unfit = unfitValue(error);
    if (unfit) await report(error, () => calls.fail(id, attempt, unfit, {}));
    throw error;
  }
}

/** What cannot be reported must not hide what was to be reported. */
async function report(error: unknown, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (failure) {
    (failure as Error).cause ??= error;
    throw failure;
  }
}

/** The failure of a task whose return value the server does not take, or that is no JSON; null for any other error. */
function unfitValue(error: unknown): ErrorReport | null {
  const isTooLarge =
    error instanceof PayloadTooLargeError ||
    // Larger even than a message may be.
    (error instanceof TaskResultsError && error.reason === status[status.RESOURCE_EXHAUSTED]);
  if (!isTooLarge && !(error instanceof NotEncodableError)) return null;
  const message = isTooLarge ? `the return value is too large: ${error.message}` : error.message;
  return { exceptionClassPath: error.name, message, traceback: error.stack };
}
