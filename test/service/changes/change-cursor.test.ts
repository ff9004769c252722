import fc from 'fast-check';
import type { Change, SeqRange } from '../../../src/domain/store';
import { ChangeCursor } from '../../../src/service/changes/change-cursor';

const MINUTE = 60_000;

function changes(...seqs: number[]): Change[] {
  return seqs.map((seq) => ({ seq, taskId: `t${seq}`, incarnation: 1, revision: 1, at: 0 }));
}

/** Asks for all holes, due or not. */
function fill(cursor: ChangeCursor, found: Change[], now: number): void {
  cursor.fill(cursor.holes, found, now);
}

function ranges(cursor: ChangeCursor): [number, number][] {
  return cursor.holes.map(({ first, last }) => [first, last]);
}

describe('a cursor', () => {
  test('stands at the newest entry seen', () => {
    const cursor = new ChangeCursor(10);
    cursor.advance(changes(11, 12, 13), 0);
    expect(cursor.position).toBe(13);
    expect(ranges(cursor)).toEqual([]);
  });

  test('remembers what is missing below it, and goes on', () => {
    const cursor = new ChangeCursor(10);
    cursor.advance(changes(12, 15, 16), 0);
    expect(cursor.position).toBe(16);
    expect(ranges(cursor)).toEqual([
      [11, 11],
      [13, 14],
    ]);
  });

  test('takes what shows up late out of its hole', () => {
    const cursor = new ChangeCursor(0);
    cursor.advance(changes(10), 0);
    fill(cursor, changes(1, 5, 9), 1);
    expect(ranges(cursor)).toEqual([
      [2, 4],
      [6, 8],
    ]);
    fill(cursor, changes(2, 3, 4, 6, 7, 8), 2);
    expect(ranges(cursor)).toEqual([]);
  });

  test('forgets a hole once no transaction can be that old', () => {
    const cursor = new ChangeCursor(0);
    cursor.advance(changes(2), 0);
    cursor.advance(changes(4), MINUTE);
    fill(cursor, [], 2 * MINUTE - 1);
    expect(ranges(cursor)).toEqual([
      [1, 1],
      [3, 3],
    ]);
    fill(cursor, [], 2 * MINUTE);
    expect(ranges(cursor)).toEqual([[3, 3]]);
  });

  test('asks for a bounded number of ranges at a time, whatever was rolled back', () => {
    const cursor = new ChangeCursor(0);
    for (let poll = 0; poll < 40; poll++) {
      cursor.advance(changes(...Array.from({ length: 50 }, (_, i) => 100 * poll + 2 * (i + 1))), poll);
      expect(cursor.due(poll).length).toBeLessThanOrEqual(256);
    }
    expect(cursor.takeGivenUp()).toBe(false);
  });

  test('gives up the oldest holes when there are too many, and says so', () => {
    const cursor = new ChangeCursor(0);
    for (let seq = 2; seq <= 10_000; seq += 2) cursor.advance(changes(seq), seq);
    expect(cursor.holes).toHaveLength(4_096);
    expect(cursor.holes.at(-1)).toMatchObject({ first: 9_999, last: 9_999 });
    expect(cursor.takeGivenUp()).toBe(true);
    expect(cursor.takeGivenUp()).toBe(false);
  });

  test('asks for a hole once more at the end of its life, and keeps those that were not asked for', () => {
    const cursor = new ChangeCursor(0);
    cursor.advance(changes(2), 0);
    cursor.fill(cursor.due(0), [], 107_000);
    cursor.advance(changes(4), 107_000);
    const young = cursor.due(119_000);
    expect(young.map(({ first }) => first)).toEqual([3]);
    cursor.fill(young, [], 121_000);
    expect(ranges(cursor)[0]).toEqual([1, 1]);
    expect(cursor.due(121_000).map(({ first }) => first)).toContain(1);
    cursor.fill(cursor.due(121_000), changes(1), 121_000);
    expect(ranges(cursor)).toEqual([[3, 3]]);
  });

  test('asks for a hole less and less often', () => {
    const cursor = new ChangeCursor(0);
    cursor.advance(changes(2), 0);
    const asked = Array.from({ length: 100_000 }, (_, ms) => ms).filter((ms) => {
      const due = cursor.due(ms);
      cursor.fill(due, [], ms);
      return due.length > 0;
    });
    expect(asked.length).toBeLessThan(35);
    for (const [i, ms] of asked.entries()) expect((asked[i + 1] ?? ms) - ms).toBeLessThanOrEqual(ms / 2 + 1);
  });

  test('sees no holes in numbers that go in steps', () => {
    const cursor = new ChangeCursor(0, 3);
    cursor.advance(changes(1, 4, 7, 10), 0);
    expect(ranges(cursor)).toEqual([]);
    cursor.advance(changes(19), 1);
    expect(ranges(cursor)).toEqual([[13, 18]]);
  });

  test('of a group of servers sees what each of them may still show', () => {
    const cursor = new ChangeCursor(0, 3);
    cursor.advance(changes(1, 4, 5, 7, 11), 0);
    expect(ranges(cursor)).toEqual([
      [2, 3],
      [8, 10],
    ]);
  });

  test('looks back when another server of a group shows up', () => {
    const cursor = new ChangeCursor(2_998, 3);
    cursor.advance(changes(3_001, 3_004), 0);
    expect(ranges(cursor)).toEqual([]);
    cursor.advance(changes(3_008), 1);
    expect(ranges(cursor)).toEqual([
      [2_004, 3_004],
      [3_005, 3_007],
    ]);
  });

  test('sees every entry that becomes visible within the life of a hole, in whatever order they do', () => {
    // Each entry becomes visible some polls after the one before it was handed out; some never do.
    const delay = fc.option(fc.nat(30), { freq: 3 });
    const few = fc.array(delay, { minLength: 1, maxLength: 50 });
    const many = fc.array(delay, { minLength: 800, maxLength: 1_500, size: 'max' });
    const delays = fc.oneof(few, many);
    fc.assert(
      fc.property(delays, fc.integer({ min: 20, max: 200 }), (late, perPoll) => {
        const visibleFrom = late.map((delay, i) =>
          delay === null ? Number.POSITIVE_INFINITY : Math.floor(i / perPoll) + delay,
        );
        // What comes late is asked for again when its hole is older by a half.
        const polls = Math.ceil(late.length / perPoll) + 50;
        const cursor = new ChangeCursor(0);
        const seen = new Set<number>();
        for (let poll = 0; poll < polls; poll++) {
          const log = changes(...visibleFrom.flatMap((from, i) => (from <= poll ? [i + 1] : [])));
          const due = cursor.due(poll * 100);
          const found = log.filter(({ seq }) => within(due, seq));
          cursor.fill(due, found, poll * 100);
          const next = log.filter(({ seq }) => seq > cursor.position).slice(0, 1_000);
          cursor.advance(next, poll * 100);
          for (const { seq } of [...found, ...next]) seen.add(seq);
        }
        const missed = visibleFrom.flatMap((from, i) => (from < polls && !seen.has(i + 1) ? [i + 1] : []));
        expect(missed).toEqual([]);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });
});

function within(holes: readonly SeqRange[], seq: number): boolean {
  return holes.some(({ first, last }) => first <= seq && seq <= last);
}
