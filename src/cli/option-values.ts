import { InvalidArgumentError } from 'commander';
import type { Duration } from '../gen/google/protobuf/duration';
import type { Timestamp } from '../gen/google/protobuf/timestamp';
import { TaskResultStatus } from '../gen/taskresults/v1/task_result';
import { parseDuration } from '../units';

/** Parsers of option values, as commander takes them: a mistake is an InvalidArgumentError that says what is allowed. */

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

export function lease(text: string): Duration {
  const ms = milliseconds(1, '7d')(text);
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: (ms % 1_000) * 1_000_000 };
}

/** RFC 3339, to the nanosecond. */
export function time(text: string): Timestamp {
  const [, seconds = '', fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/i.exec(text) ?? [];
  const ms = Date.parse(seconds.toUpperCase() + zone.toUpperCase());
  // Date.parse takes 30 February for 1 March.
  const exists = !Number.isNaN(ms) && new Date(`${seconds}Z`).toISOString().startsWith(seconds.toUpperCase());
  if (!exists)
    throw new InvalidArgumentError('It must be a time like 2026-01-31T12:00:00Z or 2026-01-31T12:00:00.5+01:00.');
  return { seconds: BigInt(ms / 1_000), nanos: Number(fraction.padEnd(9, '0')) };
}

/** `name=value`, gathered from every use of the option. */
export function labels(text: string, before = new Map<string, string>()): Map<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be name=value.');
  return new Map([...before, [text.slice(0, at), text.slice(at + 1)]]);
}

const STATUSES: Readonly<Record<string, TaskResultStatus>> = {
  READY: TaskResultStatus.TASK_RESULT_STATUS_READY,
  RUNNING: TaskResultStatus.TASK_RESULT_STATUS_RUNNING,
  FAILED: TaskResultStatus.TASK_RESULT_STATUS_FAILED,
  SUCCESSFUL: TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL,
};

/** One status or several with commas, gathered from every use of the option. */
export function statuses(text: string, before: TaskResultStatus[] = []): TaskResultStatus[] {
  const added = text.split(',').map((name) => {
    const status = STATUSES[name.trim().toUpperCase()];
    if (status !== undefined) return status;
    throw new InvalidArgumentError(`It must be one of ${Object.keys(STATUSES).join(', ')}.`);
  });
  return [...before, ...added];
}
