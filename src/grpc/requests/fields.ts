import type { Duration } from '@taskresults/protocol/google/protobuf/duration';
import type { Timestamp } from '@taskresults/protocol/google/protobuf/timestamp';
import type { TaskResultVersion } from '@taskresults/protocol/taskresults/v1/task_result';
import { invalidField, payloadTooLarge } from '../../domain/errors';
import { MAX_ID_LENGTH } from '../../domain/limits';
import type { Micros } from '../../domain/task-result';
import { byteLength } from '../../domain/text';
import { NO_VERSION, type Version } from '../../domain/version';

/** Checks of single fields. Each returns the value for the domain, or throws an error that names the field. */

/** A text of `min` to `max` characters (code points). */
export function text(field: string, value: string, min: number, max: number): string {
  // A text has at most as many code points as UTF-16 units, and at least half as many: most need no counting.
  const tooLong = value.length > max && (value.length > 2 * max || [...value].length > max);
  if (value.length < min || tooLong) {
    throw invalidField(
      field,
      min === 0 ? `must have at most ${max} characters` : `must have ${min} to ${max} characters`,
    );
  }
  return value;
}

export function resultId(field: string, value: string): string {
  return text(field, value, 1, MAX_ID_LENGTH);
}

/** A text that is not empty. */
export function nonEmpty(field: string, value: string): string {
  if (value === '') throw invalidField(field, 'is required');
  return value;
}

type JsonKind = 'array' | 'object' | 'value';

/** JSON text, unchanged; `otherwise` for an empty field. */
export function json(field: string, value: string, kind: JsonKind, otherwise: string, maxBytes: number): string {
  if (value === '') return otherwise;
  if (byteLength(value) > maxBytes) throw payloadTooLarge(field, `must have at most ${maxBytes} bytes`);
  const found = kindOf(field, value);
  if (kind !== 'value' && found !== kind) throw invalidField(field, `must be a JSON ${kind}`);
  return value;
}

function kindOf(field: string, value: string): JsonKind {
  try {
    const parsed: unknown = JSON.parse(value);
    if (Array.isArray(parsed)) return 'array';
    return typeof parsed === 'object' && parsed !== null ? 'object' : 'value';
  } catch {
    throw invalidField(field, 'must be JSON');
  }
}

/** An integer from `min` to `max`. */
export function integer(field: string, value: number, min: number, max: number): number {
  if (value < min || value > max) throw invalidField(field, `must be ${min} to ${max}`);
  return value;
}

/** A revision or another count that is not negative. Above 2^53 - 1 it becomes that: no result has such a one. */
export function count(field: string, value: bigint): number {
  if (value < 0n) throw invalidField(field, 'must not be negative');
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}

/** A version that a caller knows; none when it is unset, or 0 in both parts. */
export function knownVersion(field: string, value: TaskResultVersion | undefined): Version {
  if (!value) return NO_VERSION;
  const incarnation = count(`${field}.incarnation`, value.incarnation);
  const revision = count(`${field}.revision`, value.revision);
  if (incarnation === 0 && revision !== 0) throw invalidField(`${field}.incarnation`, 'is required with a revision');
  return { incarnation, revision };
}

/** A span of time from `min` to `max`. */
export function duration(field: string, value: Duration, min: Micros, max: Micros): Micros {
  const micros = microsOf(value);
  if (micros === null || micros < min || micros > max) {
    throw invalidField(field, `must be ${min / 1_000} ms to ${max / 1_000} ms`);
  }
  return micros;
}

/** A span of time that is not negative; a longer one than `max` counts as `max`. */
export function durationUpTo(field: string, value: Duration, max: Micros): Micros {
  const micros = microsOf(value);
  if (micros === null || micros < 0) throw invalidField(field, 'must be a duration that is not negative');
  return Math.min(micros, max);
}

/** Cut to microseconds. Null if it is not well-formed: protobuf wants seconds and nanos to have one sign. */
function microsOf({ seconds, nanos }: Duration): Micros | null {
  const sameSign = seconds === 0n || nanos === 0 || seconds > 0n === nanos > 0;
  if (!sameSign || Math.abs(nanos) >= 1_000_000_000) return null;
  return Number(seconds) * 1_000_000 + Math.floor(nanos / 1_000);
}

/** A moment between the years 1970 and 2255, cut to microseconds. */
export function timestamp(field: string, value: Timestamp): Micros {
  const micros = Number(value.seconds) * 1_000_000 + Math.floor(value.nanos / 1_000);
  const wellFormed = value.nanos >= 0 && value.nanos < 1_000_000_000;
  if (!wellFormed || micros < 0 || !Number.isSafeInteger(micros)) {
    throw invalidField(field, 'must be a timestamp between the years 1970 and 2255');
  }
  return micros;
}

/** A list of `min` to `max` entries. */
export function list<T>(field: string, values: readonly T[], min: number, max: number): readonly T[] {
  if (values.length < min || values.length > max) throw invalidField(field, `must have ${min} to ${max} entries`);
  return values;
}

export function required<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalidField(field, 'is required');
  return value;
}
