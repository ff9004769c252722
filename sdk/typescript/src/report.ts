import { type ErrorReport, minimalReportOf, reportOf } from './error-report';
import { NotEncodableError, PayloadTooLargeError, TaskResultsError } from './errors';
import { isRefusal, isTooLargeForMessage } from './retry-rule';

/** The two ways in which the outcome of one attempt is reported. */
export interface Reports<Recorded> {
  succeed(value: unknown): Promise<Recorded>;
  fail(error: ErrorReport, retry: boolean): Promise<unknown>;
}

/**
 * The attempt returned a value. When the server refuses the value, the attempt is reported as a failure that says so,
 * and the refusal is thrown. A success that could not be reported for any other reason does not become a failure: the
 * reason is thrown, and nothing is reported.
 */
export async function reportSuccess<Recorded>(reports: Reports<Recorded>, value: unknown): Promise<Recorded> {
  try {
    return await reports.succeed(value);
  } catch (error) {
    if (isRefusal(error)) await reportFailure(reports, error, false, unfitValue(error));
    throw error;
  }
}

/**
 * The attempt failed with `error`. When the whole report is refused, a minimal one goes out. Throws only when neither
 * was taken; `error` is then the cause.
 */
export async function reportFailure(
  reports: Pick<Reports<unknown>, 'fail'>,
  error: unknown,
  retry: boolean,
  report: ErrorReport = reportOf(error),
): Promise<void> {
  const send = async (some: ErrorReport) => reports.fail(some, retry);
  try {
    await send(report).catch((failure) => {
      if (!isRefusal(failure)) throw failure;
      return send(minimalReportOf(report));
    });
  } catch (failure) {
    throw withCause(failure, error);
  }
}

/**
 * What could not be reported must not hide what was to be reported. Only an error of this call's own is given a cause.
 */
function withCause(failure: unknown, cause: unknown): unknown {
  if (failure instanceof TaskResultsError && failure !== cause) failure.cause ??= cause;
  return failure;
}

/** The failure of a task whose return value the server does not take, or that is no JSON. */
function unfitValue(error: unknown): ErrorReport {
  const { exceptionClassPath, message, traceback } = reportOf(error);
  if (error instanceof NotEncodableError) return { exceptionClassPath, message, traceback };
  const isTooLarge = error instanceof PayloadTooLargeError || isTooLargeForMessage(error);
  const why = isTooLarge ? 'is too large' : 'was refused';
  return { exceptionClassPath, message: `the return value ${why}: ${message}`, traceback };
}
