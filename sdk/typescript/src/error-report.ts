import { inspect, types } from 'node:util';
import { cutText } from './cut-text';

/** What is reported of a failed attempt, in any language's terms. */
export interface ErrorReport {
  /** The class of what was raised, e.g. `TypeError`. */
  exceptionClassPath: string;
  message?: string;
  traceback?: string;
}

/** More is cut, as the server would do it: a report that is larger than a message may be would not reach it. */
const MAX_CLASS_PATH_LENGTH = 1_000;
const MAX_MESSAGE_BYTES = 64 * 1024;
const MAX_TRACEBACK_BYTES = 256 * 1024;
/** Further causes, and errors within an AggregateError, are left out; they may also go round in a circle. */
const MAX_INNER_ERRORS = 20;

/**
 * A report as it stands, or one made of whatever was thrown: class, message, and the stack with those of its causes.
 * Never throws: what cannot be read of it is left out.
 */
export function reportOf(error: unknown): Required<ErrorReport> {
  const given = read<Partial<ErrorReport> | null>(() => (isReport(error) ? error : null), null);
  const message = given ? text(() => given.message) : messageOf(error);
  const traceback = given ? text(() => given.traceback) : tracebackOf(error);
  return {
    exceptionClassPath: cutClassPath(text(() => given?.exceptionClassPath) || classOf(error)),
    message: cutText(message.toWellFormed(), MAX_MESSAGE_BYTES),
    traceback: cutText(traceback.toWellFormed(), MAX_TRACEBACK_BYTES),
  };
}

/** The least that can be said of a failure whose whole report was not taken. */
export function minimalReportOf(error: unknown): Required<ErrorReport> {
  const { exceptionClassPath, message } = reportOf(error);
  return { exceptionClassPath, message: cutText(message, 1_024), traceback: '' };
}

function isReport(error: unknown): error is Partial<ErrorReport> {
  return typeof error === 'object' && error !== null && 'exceptionClassPath' in error && !isError(error);
}

/** Also one of another realm, such as that of a `vm` context. */
function isError(error: unknown): error is Error {
  return read(() => error instanceof Error || types.isNativeError(error), false);
}

/** Most classes of errors do not set a name of their own. */
function classOf(error: unknown): string {
  if (!isError(error)) return error === null ? 'null' : typeof error;
  const name = text(() => error.name);
  return (name === 'Error' ? text(() => error.constructor.name) : name) || 'Error';
}

function messageOf(error: unknown): string {
  if (!isError(error)) return typeof error === 'string' ? error : text(() => inspect(error));
  const message = text(() => error.message);
  // Such as that of a connection which was refused at each of its addresses.
  return message || innerErrors(error).map(innerMessageOf).filter(Boolean).join('; ');
}

/** Without the errors inside it, one of which may be the outer one. */
function innerMessageOf(error: unknown): string {
  return isError(error) ? text(() => error.message) : messageOf(error);
}

function tracebackOf(error: unknown): string {
  let left = MAX_INNER_ERRORS;
  const whole = (error: unknown): string => {
    if (!isError(error)) return text(() => inspect(error));
    const inner = innerErrors(error).map((one, i) => ({ label: `errors ${i}`, one }));
    const cause = read(() => error.cause, undefined);
    if (cause !== undefined) inner.push({ label: 'cause', one: cause });
    const parts = [text(() => error.stack) || text(() => String(error))];
    for (const { label, one } of inner) if (left-- > 0) parts.push(`[${label}]: ${whole(one)}`);
    return parts.join('\n');
  };
  return isError(error) ? whole(error) : '';
}

/** What an AggregateError holds. Reading its list, or any element of it, may throw. */
function innerErrors(error: Error): unknown[] {
  if (classOf(error) !== 'AggregateError') return [];
  const errors = read<readonly unknown[]>(
    () => ('errors' in error && Array.isArray(error.errors) ? error.errors : []),
    [],
  );
  const count = read(() => Math.min(errors.length, MAX_INNER_ERRORS), 0);
  const inner: unknown[] = [];
  for (let i = 0; i < count; i++) read(() => inner.push(errors[i]), 0);
  return inner;
}

function cutClassPath(path: string): string {
  const wellFormed = path.toWellFormed();
  return wellFormed.length <= MAX_CLASS_PATH_LENGTH
    ? wellFormed
    : [...wellFormed].slice(0, MAX_CLASS_PATH_LENGTH).join('');
}

/** A text from an object of unknown code; empty when it is no text. */
function text(get: () => unknown): string {
  const value = read(get, '');
  return typeof value === 'string' ? value : '';
}

/** Whatever was thrown may throw again when it is looked at. */
function read<T>(get: () => T, instead: T): T {
  try {
    return get();
  } catch {
    return instead;
  }
}
