import type { Duration } from '@taskresults/protocol/google/protobuf/duration';
import { invalidField } from './invalid-field';

/** The longest that the message can hold: some 10,000 years. */
const MAX_SECONDS = 315_576_000_000;

/** A span of time for a field of a request. */
export function duration(field: string, ms: number): Duration {
  let seconds = Math.floor(ms / 1_000);
  let nanos = Math.round((ms - seconds * 1_000) * 1_000_000);
  if (nanos === 1_000_000_000) [seconds, nanos] = [seconds + 1, 0];
  if (!(Math.abs(seconds) <= MAX_SECONDS)) throw invalidField(field, `cannot be ${ms} ms`);
  return { seconds: BigInt(seconds), nanos };
}

export function milliseconds(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000 : 0;
}
