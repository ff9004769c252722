import type { KeptPart } from './text-width';

/** A column of a table. */
export interface Column {
  readonly head: string;
  /** The least width at which it is of use, when its texts are longer. */
  readonly minWidth: number;
  /** Where there is no room for all columns, those with the least number are left out first. Unset: never. */
  readonly rank?: number;
  /** Which part of a text is left when it is cut. Default: the beginning. */
  readonly kept?: KeptPart;
}

/** Between two columns. */
export const GAP = '  ';

/**
 * How wide to make columns whose longest texts take `longest`, so that a line fits in `room`. Null: left out. First as
 * few columns as possible are left out, then texts are cut: what room there is goes to the columns on the left.
 */
export function columnWidths(
  columns: readonly Column[],
  longest: readonly number[],
  room = Number.POSITIVE_INFINITY,
): (number | null)[] {
  const widths: (number | null)[] = columns.map(({ minWidth }, i) => Math.min(minWidth, longest[i] ?? 0));
  const byRank = columns.map(({ rank }, i) => ({ rank: rank ?? Number.POSITIVE_INFINITY, i }));
  for (const { rank, i } of byRank.sort((a, b) => a.rank - b.rank)) {
    if (rank === Number.POSITIVE_INFINITY || lineWidth(widths) <= room) break;
    widths[i] = null;
  }
  let spare = room - lineWidth(widths);
  for (const [i, width] of widths.entries()) {
    if (width === null) continue;
    // On a terminal that is narrower than all this, `spare` is negative, and the first columns give way.
    const given = Math.max(Math.min((longest[i] ?? 0) - width, spare), 1 - width);
    widths[i] = width + given;
    spare -= given;
  }
  return widths;
}

function lineWidth(widths: readonly (number | null)[]): number {
  const kept = widths.filter((width) => width !== null);
  return kept.reduce((sum, width) => sum + width, 0) + GAP.length * (kept.length - 1);
}
