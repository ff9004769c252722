/** Counts what has passed since it was made, also while the machine sleeps, and whatever is done to its clock. */
export class Stopwatch {
  readonly #steady = performance.now();
  readonly #wall = Date.now();

  /** In milliseconds; never too few. */
  get ms(): number {
    return Math.max(performance.now() - this.#steady, Math.abs(Date.now() - this.#wall));
  }
}
