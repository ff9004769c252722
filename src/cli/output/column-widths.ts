import type { KeptPart } from './text-width';

/** A column of a table. */
export interface Column {
  readonly head: string;
  /** The smallest width at which it is of use, when its texts are longer. */
  readonly minWidth: number;
  /** Where there is no room for all columns, those with the least number are left out first. Unset: never. */
  readonly rank?: number;
  /** Which part of a text is left when it is cut. Default: the beginning. */
  readonly kept?: KeptPart;
}

/** Between two columns. */
export const GAP = '  ';

const NEVER_LEFT_OUT = Number.MAX_SAFE_INTEGER;

/**
 * How wide to make columns whose longest texts take `longest`, so that a line fits in `room`. Null: left out. First as
 * few columns as possible are left out. Then texts are cut, those of the most important columns last.
 */
export function columnWidths(
  columns: readonly Column[],
  longest: readonly number[],
  room = Number.POSITIVE_INFINITY,
): (number | null)[] {
  const widths: (number | null)[] = columns.map(({ minWidth }, i) => Math.min(minWidth, longest[i] ?? 0));
  const ranked = columns.map(({ rank = NEVER_LEFT_OUT }, i) => ({ rank, i }));
  for (const { rank, i } of ranked.toSorted((a, b) => a.rank - b.rank)) {
    if (rank === NEVER_LEFT_OUT || lineWidth(widths) <= room) break;
    widths[i] = null;
  }
  // Less than nothing on a terminal that is narrower than all this: the first column gives way, then the next.
  let spare = room - lineWidth(widths);
  for (const { i } of ranked.toSorted((a, b) => b.rank - a.rank)) {
    const width = widths[i] ?? null;
    if (width === null) continue;
    const change = Math.max(Math.min((longest[i] ?? 0) - width, spare), 1 - width);
    widths[i] = width + change;
    spare -= change;
  }
  return widths;
}

function lineWidth(widths: readonly (number | null)[]): number {
  const kept = widths.filter((width) => width !== null);
  return kept.reduce((sum, width) => sum + width, 0) + GAP.length * (kept.length - 1);
}
