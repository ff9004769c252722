import { inspect, types } from 'node:util';

/** What is reported of a failed attempt, in any language's terms. */
export interface ErrorReport {
  /** The class of what was raised, e.g. `TypeError`. */
  exceptionClassPath: string;
  message?: string;
  traceback?: string;
}

/** Causes beyond these are left out; they may also go round in a circle. */
const MOST_CAUSES = 10;

/** A report as it stands, or one made of whatever was thrown: class, message, and the stack with those of its causes. */
export function reportOf(error: unknown): ErrorReport {
  if (isReport(error)) return error;
  if (isError(error)) {
    return { exceptionClassPath: classOf(error), message: error.message, traceback: stackOf(error, MOST_CAUSES) };
  }
  const message = typeof error === 'string' ? error : inspect(error);
  return { exceptionClassPath: error === null ? 'null' : typeof error, message };
}

function isReport(error: unknown): error is ErrorReport {
  return typeof error === 'object' && error !== null && 'exceptionClassPath' in error && !isError(error);
}

/** Also one of another realm, such as that of a `vm` context. */
function isError(error: unknown): error is Error {
  return error instanceof Error || types.isNativeError(error);
}

/** Most classes of errors do not set a name of their own. */
function classOf(error: Error): string {
  return (error.name === 'Error' ? error.constructor.name : error.name) || 'Error';
}

function stackOf(error: Error, causes: number): string {
  const own = error.stack ?? String(error);
  return isError(error.cause) && causes > 0 ? `${own}\n[cause]: ${stackOf(error.cause, causes - 1)}` : own;
}
