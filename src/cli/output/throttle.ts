/** Does its work soon after it is asked to, and at most once in an interval, however often it is asked. */
export class Throttle {
  #timer: NodeJS.Timeout | null = null;
  #lastRun = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly work: () => void,
    private readonly intervalMs: number,
  ) {}

  ask(): void {
    const wait = Math.max(0, Math.ceil(this.#lastRun + this.intervalMs - performance.now()));
    this.#timer ??= setTimeout(() => this.#run(), wait);
  }

  /** Does at once what has been asked and not been done. */
  flush(): void {
    if (this.#timer) this.#run();
  }

  #run(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.work();
    this.#lastRun = performance.now();
  }
}
