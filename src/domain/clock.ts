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

/**
 * A clock put right by another one that all replicas share: it shows the time of this machine and what that lacks.
 * Until it is corrected for the first time, it lacks nothing.
 */
export class CorrectedClock {
  #offset: Micros = 0;

  constructor(private readonly machine: Clock) {}

  readonly read: Clock = () => this.machine() + this.#offset;

  /** What is added to the time of this machine. */
  get offset(): Micros {
    return this.#offset;
  }

  /**
   * Takes what the other clock showed at some moment of the last `roundTrip`, which ends now. An offset that agrees
   * with it stays, so that time does not tremble with each round trip.
   */
  correct(shown: Micros, roundTrip: Micros): void {
    const uncertainty = roundTrip / 2;
    const offset = Math.round(shown + uncertainty - this.machine());
    if (Math.abs(offset - this.#offset) > uncertainty) this.#offset = offset;
  }
}
