interface Held {
  count: number;
  bytes: number;
}

/**
 * Divides a bound among those that use it: each may hold as much as is still free in all. So one alone may hold a half,
 * two a third each, and whoever holds little finds room though others hold all that they may (the dynamic thresholds of
 * Choudhury and Hahne). This holds for the number of things, and for their bytes.
 */
export class Shares {
  readonly #held = new Map<string, Held>();
  readonly #free: Held;

  constructor(maxCount: number, maxBytes: number) {
    this.#free = { count: maxCount, bytes: maxBytes };
  }

  /** Whether `who` may hold one more, however large it is. */
  hasRoom(who: string): boolean {
    const { count, bytes } = this.#held.get(who) ?? { count: 0, bytes: 0 };
    return count < this.#free.count && bytes < this.#free.bytes;
  }

  take(who: string, bytes: number): void {
    const held = this.#held.get(who);
    if (held) {
      held.count++;
      held.bytes += bytes;
    } else {
      this.#held.set(who, { count: 1, bytes });
    }
    this.#free.count--;
    this.#free.bytes -= bytes;
  }

  giveBack(who: string, bytes: number): void {
    const held = this.#held.get(who) as Held;
    held.count--;
    held.bytes -= bytes;
    if (held.count === 0) this.#held.delete(who);
    this.#free.count++;
    this.#free.bytes += bytes;
  }
}
