import { Cancellation, throwIfCancelled } from './cancellation';
import type { ErrorReport } from './error-report';
import { StaleAttemptError } from './errors';
import { Lease } from './lease';
import { type Reports, reportFailure, reportSuccess } from './report';
import type { CallOptions, TaskResult } from './task-result';
import type { StartedAttempt, TaskState } from './task-result-fields';

/** What the function of a task gets. */
export interface RunContext {
  /** The result as it stood just before this attempt was started. */
  readonly result: TaskResult;
  /** The number of this attempt, counted from 1. */
  readonly attempt: number;
  /**
   * Aborted when the attempt is lost, with the error that said so as its reason; when the caller's signal is aborted;
   * and when the client is closed. What the function returns or throws after a loss or a close is not reported.
   */
  readonly signal: AbortSignal;
}

export interface RunOptions {
  /**
   * The attempt counts as lost when the worker has died and this time has passed. Renewed at each third of it. Also how
   * long the report of the outcome may take, which has at least 5,000 ms. Default 60,000 ms.
   */
  leaseMs?: number;
  /**
   * Whether another attempt is to be made after this error. When it throws, none is, and that is thrown. Default:
   * never.
   */
  retry?: (error: unknown, attempt: number) => boolean | Promise<boolean>;
  /**
   * Whether what the function threw is the outcome of the task. Otherwise nothing is reported, and the result stays
   * RUNNING until another worker takes it once the lease has run out: right for a worker that is being stopped.
   * Default: always.
   */
  report?: (error: unknown, attempt: number) => boolean | Promise<boolean>;
  /** Passed on to the function; the outcome is reported all the same. Aborted already: no attempt is started. */
  signal?: AbortSignal;
}

/** The fencing token of an attempt: no other one, of this result or of another creation of it, has the same. */
export type Fence = Pick<StartedAttempt, 'id' | 'incarnation' | 'attempt'>;

/** A success that was recorded. */
export interface Recorded {
  readonly state: TaskState;
  readonly returnValueJson: string;
}

/** The calls that an attempt is made of. Reports are repeated for as long as they may take. */
export interface AttemptCalls {
  /** Aborted when no more calls can be made. */
  readonly closing: AbortSignal;
  start(id: string, leaseMs: number): Promise<StartedAttempt>;
  renew(fence: Fence, leaseMs: number, options: CallOptions): Promise<TaskState>;
  succeed(fence: Fence, value: unknown, timeoutMs: number): Promise<Recorded>;
  fail(fence: Fence, error: ErrorReport, retry: boolean, timeoutMs: number): Promise<TaskState>;
}

/** However short the lease is, the report may take so long: maybe nobody has taken the task over. */
const MIN_REPORT_MS = 5_000;

/**
 * Makes one attempt at a task: starts it, calls the function and reports the outcome. The lease is renewed until the
 * outcome is reported. Throws what the function threw, once that is reported, or the loss of the attempt.
 */
export async function runAttempt(
  calls: AttemptCalls,
  result: TaskResult,
  work: (context: RunContext) => unknown,
  { leaseMs = 60_000, retry = never, report = always, signal }: RunOptions,
): Promise<Recorded> {
  throwIfCancelled(signal);
  const fence = await calls.start(result.id, leaseMs);
  const { attempt } = fence;
  const lease = new Lease((options) => calls.renew(fence, leaseMs, options), leaseMs);
  const reportMs = Math.max(leaseMs, MIN_REPORT_MS);
  const reports = {
    succeed: (value: unknown) => calls.succeed(fence, value, reportMs),
    fail: (error: ErrorReport, isRetried: boolean) => calls.fail(fence, error, isRetried, reportMs),
  };
  const perform = async () => {
    const cancellation = new Cancellation(lease.lost, calls.closing, signal);
    try {
      return await work({ result, attempt, signal: cancellation.signal });
    } finally {
      // What a renewal learns afterwards is no news for the function.
      cancellation.release();
    }
  };
  try {
    if (fence.incarnation !== result.incarnation) await giveBack(reports, result.id);
    let value: unknown;
    try {
      value = await perform();
    } catch (error) {
      lease.lost.throwIfAborted();
      const isReported = await answerOf(report, error, attempt, true);
      const isRetried = await answerOf(isReported.answer ? retry : never, error, attempt, false);
      if (isReported.answer) await reportFailure(reports, error, isRetried.answer);
      for (const { mistake } of [isReported, isRetried]) if (mistake) throw mistake.error;
      throw error;
    }
    lease.lost.throwIfAborted();
    return await reportSuccess(reports, value);
  } finally {
    // Not before: the attempt is this worker's until its outcome is reported.
    await lease.release();
  }
}

/** A start names an id. What was created anew under it, maybe for another task, is left to others. Never resolves. */
async function giveBack(reports: Pick<Reports<unknown>, 'fail'>, id: string): Promise<never> {
  const message = `task result "${id}" has been created anew`;
  const gone = new StaleAttemptError({ reason: 'STALE_ATTEMPT', message });
  await reportFailure(reports, gone, true);
  throw gone;
}

const never = () => false;
const always = () => true;

/** What the caller's predicate says. When it throws, the outcome must not get lost: `otherwise` counts. */
async function answerOf(
  ask: (error: unknown, attempt: number) => boolean | Promise<boolean>,
  error: unknown,
  attempt: number,
  otherwise: boolean,
): Promise<{ answer: boolean; mistake?: { error: unknown } }> {
  try {
    return { answer: Boolean(await ask(error, attempt)) };
  } catch (mistake) {
    return { answer: otherwise, mistake: { error: mistake } };
  }
}
