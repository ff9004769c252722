import Table from 'cli-table3';
import pc from 'picocolors';
import { printable } from './printable';

/** Only a terminal gets colours and frames; NO_COLOR and TERM=dumb are honoured. */
export const onTerminal = process.stdout.isTTY === true;
export const colors = pc.createColors(onTerminal && pc.isColorSupported);

/** A cell: its text, which may be anybody's, and how to paint it. */
export interface Cell {
  text: string;
  paint?: (text: string) => string;
}

/** Lines that a framed table has besides its rows: the head, and the frame above, between and below. */
export const FRAME_LINES = 4;

/** The lines of a table: in a frame on a terminal, otherwise in plain columns. */
export function tableLines(head: readonly string[], rows: readonly Cell[][]): string[] {
  return onTerminal ? framed(head, rows) : columns([head.map((text) => ({ text })), ...rows]);
}

/** One line for each name and its value. */
export function pairLines(pairs: readonly (readonly [name: string, value: Cell])[]): string[] {
  return columns(pairs.map(([name, value]) => [{ text: name, paint: colors.dim }, value]));
}

function framed(head: readonly string[], rows: readonly Cell[][]): string[] {
  const table = new Table({ head: head.map(colors.bold), style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(row.map((cell) => painted(cell)));
  return table.toString().split('\n');
}

function columns(rows: readonly Cell[][]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, printable(text).length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => painted(cell, i < row.length - 1 ? widths[i] : 0))
      .join('  ')
      .trimEnd(),
  );
}

function painted({ text, paint = plain }: Cell, width = 0): string {
  const shown = printable(text);
  return paint(shown) + ' '.repeat(Math.max(0, width - shown.length));
}

function plain(text: string): string {
  return text;
}
