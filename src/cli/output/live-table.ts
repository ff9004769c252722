import type { TaskResultEvent } from '@taskresults/client';
import { LiveLines } from './live-lines';
import { type Cell, colors, FRAME_LINES, tableLines } from './table';
import { SUMMARY_HEAD, summaryRow } from './task-result-text';
import { Throttle } from './throttle';

/** Nobody reads faster, and a watch of many results has thousands of events at its start. */
const DRAW_INTERVAL_MS = 100;

/**
 * One row for each result, drawn again in place. Ids asked for keep their order. When not all rows fit, the table has
 * those that changed last.
 */
export class LiveTable {
  readonly #lines = new LiveLines(process.stdout);
  readonly #drawing = new Throttle(() => this.#draw(), DRAW_INTERVAL_MS);
  readonly #rows: Map<string, Cell[]>;
  /** All ids, the one that changed last at the end. */
  readonly #byChange: Set<string>;
  #note: string | null = null;

  constructor(ids: readonly string[]) {
    this.#rows = new Map(ids.map((id) => [id, noteRow(id, '')]));
    this.#byChange = new Set(ids);
    process.stdout.on('resize', this.#onResize);
  }

  show(event: TaskResultEvent): void {
    const { id } = event.type === 'snapshot' ? event.result : event;
    this.#byChange.delete(id);
    if (event.type === 'unmatched') {
      this.#rows.delete(id);
    } else {
      this.#byChange.add(id);
      this.#rows.set(id, rowOf(event));
    }
    this.#note = null;
    this.#drawing.ask();
  }

  /** Shows a line below the table, until the next event. */
  note(line: string): void {
    this.#note = line;
    this.#drawing.ask();
  }

  /** Draws what has not been drawn, and lets go of the terminal. */
  close(): void {
    process.stdout.off('resize', this.#onResize);
    this.#drawing.flush();
  }

  readonly #onResize = (): void => this.#drawing.ask();

  #draw(): void {
    const notes = this.#note === null ? [] : [this.#note];
    const room = this.#lines.height - FRAME_LINES - notes.length;
    if (this.#rows.size <= room) {
      this.#lines.draw([...tableLines(SUMMARY_HEAD, [...this.#rows.values()]), ...notes]);
      return;
    }
    const shown = new Set([...this.#byChange].slice(-Math.max(1, room - 1)));
    const rows = [...this.#rows].filter(([id]) => shown.has(id)).map(([, row]) => row);
    const rest = `the ${shown.size} that changed last, of ${this.#rows.size}`;
    this.#lines.draw([...tableLines(SUMMARY_HEAD, rows), rest, ...notes]);
  }
}

function rowOf(event: Exclude<TaskResultEvent, { type: 'unmatched' }>): Cell[] {
  switch (event.type) {
    case 'snapshot':
      return summaryRow(event.result);
    case 'deleted':
      return noteRow(event.id, 'deleted');
    case 'notFound':
      return noteRow(event.id, 'not found');
  }
}

function noteRow(id: string, note: string): Cell[] {
  const rest = SUMMARY_HEAD.slice(3).map(() => ({ text: '' }));
  return [{ text: id }, { text: '' }, { text: note, paint: colors.dim }, ...rest];
}
