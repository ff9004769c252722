import type { Clock, Micros } from './task-result';

/** How far the finer clock may stray from the system's before it is set anew, e.g. because somebody set the system's. */
const MAX_DRIFT: Micros = 2_000;

/** The system's clock, which counts milliseconds, made finer with one that counts nanoseconds from no particular time. */
export function systemClock(): Clock {
  let origin = Number.NaN;
  return () => {
    const wall = Date.now() * 1_000;
    const fine = Math.floor(performance.now() * 1_000);
    if (!(Math.abs(origin + fine - wall) <= MAX_DRIFT)) origin = wall - fine;
    return origin + fine;
  };
}
