import type { Duration } from './gen/google/protobuf/duration';

/** A span of time for a request. */
export function duration(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1_000) * 1_000_000) };
}

export function milliseconds(duration: Duration | undefined): number {
  return duration ? Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000 : 0;
}
