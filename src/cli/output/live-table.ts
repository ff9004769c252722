import type { TaskResultEvent, TaskResultStatus } from '@taskresults/client';
import { LiveLines } from './live-lines';
import { type Cell, HEAD_LINES, tableLines } from './table';
import { noteRow, SUMMARY_COLUMNS, summaryRow } from './task-result-text';
import { Throttle } from './throttle';

/** Redraws no more often: nobody reads faster, and a watch of many results begins with thousands of events. */
const DRAW_INTERVAL_MS = 100;

interface Row {
  readonly status: TaskResultStatus | 'deleted' | 'not found' | 'unknown';
  readonly cells: Cell[];
}

/**
 * One row for each result, drawn again in place. Ids asked for keep their order. When not all rows fit, failures come
 * first, then what changed last, and the others are counted.
 */
export class LiveTable {
  readonly #lines = new LiveLines(process.stdout);
  readonly #drawing = new Throttle(() => this.#draw(), DRAW_INTERVAL_MS);
  readonly #rows: Map<string, Row>;
  /** All ids, the one that changed last at the end. */
  readonly #byChange: Set<string>;
  #note: string | null = null;

  constructor(ids: readonly string[]) {
    this.#rows = new Map(ids.map((id) => [id, { status: 'unknown', cells: noteRow(id, '') }]));
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
    const room = this.#lines.height - HEAD_LINES - notes.length;
    const rows = [...this.#rows.values()];
    if (rows.length <= room) {
      this.#lines.draw([...table(rows), ...notes]);
      return;
    }
    const shown = this.#mostImportant(Math.max(1, room - 1));
    const others = new Set(rows);
    for (const row of shown) others.delete(row);
    this.#lines.draw([...table(shown), countLine([...others]), ...notes]);
  }

  /** The failures that came last, then what changed last; both in the order of the table. */
  #mostImportant(count: number): Row[] {
    const rows = [...this.#byChange].map((id) => this.#rows.get(id) as Row);
    const failures = rows.filter(isFailure).slice(-count);
    const others = rows.filter((row) => !isFailure(row)).slice(failures.length - count);
    const inOrder = [...this.#rows.values()];
    const [failed, changed] = [new Set(failures), new Set(failures.length < count ? others : [])];
    return [...inOrder.filter((row) => failed.has(row)), ...inOrder.filter((row) => changed.has(row))];
  }
}

function table(rows: readonly Row[]): string[] {
  return tableLines(
    SUMMARY_COLUMNS,
    rows.map(({ cells }) => cells),
  );
}

function isFailure({ status }: Row): boolean {
  return status === 'FAILED';
}

/** `24 more: 20 SUCCESSFUL, 4 READY` */
function countLine(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const { status } of rows) counts.set(status, (counts.get(status) ?? 0) + 1);
  return `${rows.length} more: ${[...counts].map(([status, count]) => `${count} ${status}`).join(', ')}`;
}

function rowOf(event: Exclude<TaskResultEvent, { type: 'unmatched' }>): Row {
  switch (event.type) {
    case 'snapshot':
      return { status: event.result.status, cells: summaryRow(event.result) };
    case 'deleted':
      return { status: 'deleted', cells: noteRow(event.id, 'deleted') };
    case 'notFound':
      return { status: 'not found', cells: noteRow(event.id, 'not found') };
  }
}
