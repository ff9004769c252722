import type { Change, SeqRange } from '../../domain/store';

/** Numbers below the cursor that may still show up. Immutable: a hole that shrinks is replaced. */
export interface Hole extends SeqRange {
  /** When it was first seen, in milliseconds. */
  readonly since: number;
  /** When it is asked for next. */
  readonly due: number;
}

/**
 * How long a hole may still fill. AUTO_INCREMENT values are handed out when a row is inserted and become visible when
 * its transaction commits, so that a lower one can appear after a higher one. This is longer than a transaction can
 * wait for its locks, so that a number that has not appeared by then was rolled back.
 */
const HOLE_LIFE_MS = 120_000;

/** A hole is asked for at every poll in the beginning, and then each time its age has grown by this part. */
const PATIENCE = 0.5;

/** Holes that are remembered. Beyond, the oldest are given up, and what may have shown up in them counts as missed. */
const MAX_HOLES = 4_096;

/** Holes that are asked for at a time. */
const MAX_ASKED = 256;

/** When a server of a group shows up for the first time, that many numbers before may be its late ones. */
const NEWCOMER_NUMBERS = 1_000;

/** A place in the change log: all up to the cursor has been seen, except for the holes below it. */
export class ChangeCursor {
  #cursor: number;
  /** In the order of their numbers. */
  #holes: Hole[] = [];
  /** Remainders, modulo `step`, of the numbers seen so far. Each server of a group gives numbers of one remainder. */
  readonly #remainders = new Set<number>();
  #givenUp = false;

  /** Everything up to and with `cursor` counts as seen. Numbers of one server are `step` apart. */
  constructor(
    cursor: number,
    readonly step = 1,
  ) {
    this.#cursor = cursor;
  }

  get position(): number {
    return this.#cursor;
  }

  /** What may still show up below the cursor. */
  get holes(): readonly Hole[] {
    return this.#holes;
  }

  /** The holes that are to be asked for at `now` (milliseconds), besides everything behind the cursor. */
  due(now: number): Hole[] {
    return this.#holes.filter((hole) => hole.due <= now).slice(0, MAX_ASKED);
  }

  /** Takes entries in the order of `seq`, as of `now` (milliseconds). */
  advance(changes: readonly Change[], now: number): void {
    this.#noteServers(changes, now);
    for (const { seq } of changes) {
      if (seq <= this.#cursor) continue;
      this.#noteHole(this.#cursor + 1, seq - 1, now);
      this.#cursor = seq;
    }
    if (this.#holes.length <= MAX_HOLES) return;
    this.#holes.splice(0, this.#holes.length - MAX_HOLES);
    this.#givenUp = true;
  }

  /**
   * Takes the entries that were found in `asked`, in the order of `seq`, as of `now`. What was too old by then is
   * forgotten.
   */
  fill(asked: readonly Hole[], found: readonly Change[], now: number): void {
    const wasAsked = new Set(asked);
    let next = 0;
    this.#holes = this.#holes.flatMap((hole) => {
      if (!wasAsked.has(hole)) return [hole];
      const left: SeqRange[] = [];
      let { first } = hole;
      for (; next < found.length; next++) {
        const { seq } = found[next] as Change;
        if (seq > hole.last) break;
        if (seq > first) left.push({ first, last: seq - 1 });
        first = seq + 1;
      }
      if (first <= hole.last) left.push({ first, last: hole.last });
      const { since } = hole;
      if (now - since >= HOLE_LIFE_MS) return [];
      // Once more at the end of its life.
      const due = Math.min(now + (now - since) * PATIENCE, since + HOLE_LIFE_MS);
      return left.map((range) => ({ ...range, since, due }));
    });
  }

  /** Whether holes were given up since this was asked last. */
  takeGivenUp(): boolean {
    const givenUp = this.#givenUp;
    this.#givenUp = false;
    return givenUp;
  }

  #noteServers(changes: readonly Change[], now: number): void {
    const known = this.#remainders.size;
    for (const { seq } of changes) this.#remainders.add(seq % this.step);
    if (known === 0 || this.#remainders.size === known) return;
    const first = Math.min(this.#holes[0]?.first ?? this.#cursor, this.#cursor - NEWCOMER_NUMBERS);
    this.#holes = [{ first, last: this.#cursor, since: now, due: now }];
  }

  /** Notes a hole, unless no known server gives numbers between `first` and `last`. */
  #noteHole(first: number, last: number, now: number): void {
    for (let seq = first; seq <= Math.min(last, first + this.step - 1); seq++) {
      if (!this.#remainders.has(seq % this.step)) continue;
      this.#holes.push({ first: seq, last, since: now, due: now });
      return;
    }
  }
}
