import pc from 'picocolors';
import { type Column, columnWidths, GAP } from './column-widths';
import { printable } from './printable';
import { cutToWidth, type KeptPart, textWidth } from './text-width';

/** Only a terminal gets colours; NO_COLOR and TERM=dumb are honoured. */
export const onTerminal = process.stdout.isTTY === true;
export const colors = pc.createColors(onTerminal && pc.isColorSupported);

/** The width of a terminal that does not know its own. */
const DEFAULT_COLUMNS = 80;

/** A cell: its text, which may be anybody's, and how to paint it. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

/** Lines that a table has besides its rows: the head. */
export const HEAD_LINES = 1;

/** The lines of a table: on a terminal no wider than that, otherwise as wide as its texts. */
export function tableLines(columns: readonly Column[], rows: readonly Cell[][]): string[] {
  const head = columns.map(({ head }) => ({ text: head, paint: colors.bold }));
  const lines = [head, ...rows].map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const longest = columns.map((_, i) => Math.max(...lines.map((line) => textWidth(line[i]?.text ?? ''))));
  const room = onTerminal ? process.stdout.columns || DEFAULT_COLUMNS : undefined;
  const widths = columnWidths(columns, longest, room);
  return lines.map((line) =>
    joined(line.flatMap((cell, i) => (widths[i] === null ? [] : [padded(cell, widths[i] ?? 0, columns[i]?.kept)]))),
  );
}

/** One line for each name and its value. */
export function pairLines(pairs: readonly (readonly [name: string, value: Cell])[]): string[] {
  const names = pairs.map(([name]) => printable(name)); // that of a label is anybody's, too
  const width = Math.max(...names.map(textWidth));
  return pairs.map(([, { text, paint = plain }], i) =>
    joined([padded({ text: names[i] ?? '', paint: colors.dim }, width), paint(printable(text))]),
  );
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

function padded({ text, paint = plain }: Cell, width: number, kept?: KeptPart): string {
  const shown = cutToWidth(text, width, kept);
  return paint(shown) + ' '.repeat(width - textWidth(shown));
}

function plain(text: string): string {
  return text;
}
