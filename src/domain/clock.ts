import type { Clock, Micros } from './task-result';

/** How far the finer clock may stray from the system's, e.g. because somebody set that, before it is set again. */
const MAX_DRIFT: Micros = 2_000;

/** The system's clock, which counts milliseconds, made finer with the process's own, which counts nanoseconds. */
export function systemClock(): Clock {
  let origin = Number.NaN;
  return () => {
    const wall = Date.now() * 1_000;
    const fine = Math.floor(performance.now() * 1_000);
    if (!(Math.abs(origin + fine - wall) <= MAX_DRIFT)) origin = wall - fine;
    return origin + fine;
  };
}
