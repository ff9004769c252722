import { PreciseDate, type TaskResultStatus } from '@taskresults/client';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../config/units';

/**
 * Parsers of option values, as commander takes them: a mistake is an InvalidArgumentError that says what is allowed.
 */

/** A text that is sent as it stands. An empty one is the same as none in a request, so that it would have no effect. */
export function nonEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  return text;
}

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

export function milliseconds(min: number, longest: string): (text: string) => number {
  const max = parseDuration(longest) ?? Number.NaN;
  return (text) => {
    const value = parseDuration(text) ?? Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number with ms, s, m, h or d, e.g. 30s, at most ${longest}.`);
  };
}

export const lease = milliseconds(1, '7d');

/** RFC 3339, to the microsecond. */
export function time(text: string): PreciseDate {
  try {
    return PreciseDate.fromISOString(text.toUpperCase());
  } catch {
    throw new InvalidArgumentError('It must be a time like 2026-01-31T12:00:00Z or 2026-01-31T12:00:00.5+01:00.');
  }
}

/** `name=value`, gathered from every use of the option. */
export function labels(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

const STATUSES: readonly TaskResultStatus[] = ['READY', 'RUNNING', 'FAILED', 'SUCCESSFUL'];

/** One status or several with commas, gathered from every use of the option. */
export function statuses(text: string, before: TaskResultStatus[] = []): TaskResultStatus[] {
  const added = text.split(',').map((name) => {
    const status = STATUSES.find((known) => known === name.trim().toUpperCase());
    if (status !== undefined) return status;
    throw new InvalidArgumentError(`It must be one of ${STATUSES.join(', ')}.`);
  });
  return [...before, ...added];
}
