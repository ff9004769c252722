import type { Change, SeqRange } from '../domain/store';

interface Hole extends SeqRange {
  /** When it was first seen, in milliseconds. */
  since: number;
}

/**
 * How long a hole may still fill. AUTO_INCREMENT values are handed out when a row is inserted and become visible when its
 * transaction commits, so that a lower one can appear after a higher one. One that has not by then was rolled back: it is
 * longer than a transaction of ours can wait for its locks.
 */
const HOLE_LIFE_MS = 120_000;

/** Beyond, neighbouring holes are asked for as one: entries that lie between them are seen twice, and none is missed. */
const MOST_HOLES = 256;

/** Where a reader of the change log stands: a cursor, and the holes below it. */
export class ChangeCursor {
  #cursor: number;
  #holes: Hole[] = [];

  /** Everything up to and with `cursor` counts as seen. */
  constructor(cursor: number) {
    this.#cursor = cursor;
  }

  get position(): number {
    return this.#cursor;
  }

  /** What is to be asked for again, beside everything behind the cursor. */
  get holes(): readonly SeqRange[] {
    return this.#holes;
  }

  /** Takes entries in the order of `seq`, as of `now` (milliseconds). */
  advance(changes: readonly Change[], now: number): void {
    for (const { seq } of changes) {
      if (seq <= this.#cursor) continue;
      if (seq > this.#cursor + 1) this.#holes.push({ first: this.#cursor + 1, last: seq - 1, since: now });
      this.#cursor = seq;
    }
    while (this.#holes.length > MOST_HOLES) this.#mergeNeighbours();
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

  #mergeNeighbours(): void {
    const merged: Hole[] = [];
    for (let i = 0; i < this.#holes.length; i += 2) {
      const [left, right] = [this.#holes[i] as Hole, this.#holes[i + 1]];
      merged.push(right ? { first: left.first, last: right.last, since: right.since } : left);
    }
    this.#holes = merged;
  }
}
