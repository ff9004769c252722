const FIRST_MS = 100;
const LONGEST_MS = 2_000;

/** Growing pauses between tries, with jitter: many clients of a server that went away do not come back all at once. */
export class Pauses {
  #next = FIRST_MS;

  next(): number {
    const pause = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LONGEST_MS);
    return pause;
  }

  /** It worked: the next pause is short again. */
  reset(): void {
    this.#next = FIRST_MS;
  }
}
