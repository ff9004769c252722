/**
 * Divides a bound among those that use it: each may hold as much as is still free in all. So one alone may hold a half,
 * two a third each, and whoever holds little finds room though others hold all that they may (the dynamic thresholds of
 * Choudhury and Hahne).
 */
export class Shares {
  readonly #held = new Map<string, number>();
  #total = 0;

  constructor(private readonly max: number) {}

  /** Whether `who` may hold more. The amount that passes the bound is still taken. */
  hasRoom(who: string): boolean {
    return this.#heldBy(who) < this.max - this.#total;
  }

  take(who: string, amount: number): void {
    this.#held.set(who, this.#heldBy(who) + amount);
    this.#total += amount;
  }

  giveBack(who: string, amount: number): void {
    const left = this.#heldBy(who) - amount;
    if (left > 0) this.#held.set(who, left);
    else this.#held.delete(who);
    this.#total -= amount;
  }

  #heldBy(who: string): number {
    return this.#held.get(who) ?? 0;
  }
}
