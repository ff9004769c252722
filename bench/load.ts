/** What one run of a load measured. */
export interface Measured {
  /** Of the operation's own unit: calls, results or transitions. */
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** `callers` loops that call `operation` one time after the other, for `seconds`. Each call counts as `unit`. */
export async function load(
  callers: number,
  seconds: number,
  operation: (n: number) => Promise<unknown>,
  unit = 1,
): Promise<Measured> {
  const times: number[] = [];
  const begin = performance.now();
  const end = begin + seconds * 1_000;
  let n = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (let now = performance.now(); now < end; ) {
        await operation(n++);
        const then = performance.now();
        times.push(then - now);
        now = then;
      }
    }),
  );
  const took = (performance.now() - begin) / 1_000;
  return { perSecond: (times.length * unit) / took, ...percentiles(times) };
}

export function percentiles(times: number[]): { p50Ms: number; p99Ms: number } {
  const sorted = Float64Array.from(times).sort();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
