import type { Change, SeqRange } from '../domain/store';

interface Hole extends SeqRange {
  /** When it was first seen, in milliseconds. */
  since: number;
  /** When it is asked for next. */
  due: number;
}

/**
 * How long a hole may still fill. AUTO_INCREMENT values are handed out when a row is inserted and become visible when its
 * transaction commits, so that a lower one can appear after a higher one. One that has not by then was rolled back: it is
 * longer than a transaction of ours can wait for its locks.
 */
const HOLE_LIFE_MS = 120_000;

/** A hole is asked for at every poll in the beginning, and then whenever it is older by this part of its age. */
const PATIENCE = 0.5;

/** Where a server of a group shows up for the first time, that many numbers before may be late ones of it. */
const NEWCOMER_NUMBERS = 1_000;

/** Beyond, neighbouring holes are asked for as one: entries that lie between them are seen twice, and none is missed. */
const MAX_HOLES = 256;

/** Where a reader of the change log stands: a cursor, and the holes below it. */
export class ChangeCursor {
  #cursor: number;
  #holes: Hole[] = [];
  /** Remainders by `step` of the numbers seen so far: each server of a group gives the numbers of one remainder. */
  readonly #remainders = new Set<number>();

  /** Everything up to and with `cursor` counts as seen. Numbers of one server are `step` apart. */
  constructor(
    cursor: number,
    private readonly step = 1,
  ) {
    this.#cursor = cursor;
  }

  get position(): number {
    return this.#cursor;
  }

  /** What may still show up below the cursor. */
  get holes(): readonly SeqRange[] {
    return this.#holes;
  }

  /** The holes that are to be asked for at `now` (milliseconds), and so are not again for a while. */
  takeDue(now: number): SeqRange[] {
    const due = this.#holes.filter((hole) => hole.due <= now);
    for (const hole of due) hole.due = now + (now - hole.since) * PATIENCE;
    return due;
  }

  /** Takes entries in the order of `seq`, as of `now` (milliseconds). */
  advance(changes: readonly Change[], now: number): void {
    this.#noteServers(changes, now);
    for (const { seq } of changes) {
      if (seq <= this.#cursor) continue;
      this.#noteHole(this.#cursor + 1, seq - 1, now);
      this.#cursor = seq;
    }
    while (this.#holes.length > MAX_HOLES) this.#mergeNeighbours();
  }

  /** Takes entries that were found in the holes, in the order of `seq`, and forgets holes that were too old at `now`. */
  fill(found: readonly Change[], now: number): void {
    const left: Hole[] = [];
    let next = 0;
    for (const hole of this.#holes) {
      if (now - hole.since >= HOLE_LIFE_MS) continue;
      let { first } = hole;
      for (; next < found.length; next++) {
        const { seq } = found[next] as Change;
        if (seq > hole.last) break;
        if (seq < first) continue;
        if (seq > first) left.push({ ...hole, first, last: seq - 1 });
        first = seq + 1;
      }
      if (first <= hole.last) left.push({ ...hole, first });
    }
    this.#holes = left;
  }

  #noteServers(changes: readonly Change[], now: number): void {
    const known = this.#remainders.size;
    for (const { seq } of changes) this.#remainders.add(seq % this.step);
    if (known === 0 || this.#remainders.size === known) return;
    const first = Math.min(this.#holes[0]?.first ?? this.#cursor, this.#cursor - NEWCOMER_NUMBERS);
    this.#holes = [{ first, last: this.#cursor, since: now, due: now }];
  }

  /** Numbers that no server gives, as far as is known, leave no hole. */
  #noteHole(first: number, last: number, now: number): void {
    for (let seq = first; seq <= Math.min(last, first + this.step - 1); seq++) {
      if (!this.#remainders.has(seq % this.step)) continue;
      this.#holes.push({ first: seq, last, since: now, due: now });
      return;
    }
  }

  /** Of two neighbours the younger one says how long they are waited for. */
  #mergeNeighbours(): void {
    const merged: Hole[] = [];
    for (let i = 0; i < this.#holes.length; i += 2) {
      const [left, right] = [this.#holes[i] as Hole, this.#holes[i + 1]];
      merged.push(right ? { ...right, first: left.first } : left);
    }
    this.#holes = merged;
  }
}
