import { printJson, taskResultJson } from './json';
import { LiveLines } from './live-lines';
import { printable } from './printable';
import { type Cell, colors, onTerminal, tableLines } from './table';
import { changeLine, SUMMARY_HEAD, summaryRow } from './task-result-text';
import type { WatchEvent } from './watch-progress';

/** Shows a watch as it goes on. */
export interface WatchDisplay {
  show(event: WatchEvent): void;
  /** The watch is lost and about to be opened again. */
  lost(why: string): void;
}

export function watchDisplay({ json }: { json?: boolean }, ids: readonly string[]): WatchDisplay {
  if (json) return { show: (event) => printJson(eventJson(event)), lost: warnOfLoss };
  if (onTerminal) return new LiveTable(ids);
  return { show: (event) => console.log(printable(eventLine(event))), lost: warnOfLoss };
}

function warnOfLoss(why: string): void {
  console.error(lossLine(why));
}

function lossLine(why: string): string {
  return `the watch was lost, opening it again: ${printable(why)}`;
}

function eventJson(event: WatchEvent): object {
  switch (event.$case) {
    case 'snapshot':
      return { event: 'snapshot', taskResult: taskResultJson(event.value) };
    case 'deleted':
      return { event: 'deleted', id: event.value.id };
    case 'notFound':
      return { event: 'not_found', id: event.value.id };
    case 'unmatched':
      return { event: 'unmatched', id: event.value.id, revision: Number(event.value.revision) };
    default:
      return { event: event.$case };
  }
}

function eventLine(event: WatchEvent): string {
  switch (event.$case) {
    case 'snapshot':
      return changeLine(event.value);
    case 'deleted':
      return `${event.value.id}  deleted`;
    case 'notFound':
      return `${event.value.id}  not found`;
    case 'unmatched':
      return `${event.value.id}  no longer matches  revision ${event.value.revision}`;
    default:
      return event.$case;
  }
}

/** One row for each result, drawn again in place. Ids asked for keep their order. */
class LiveTable implements WatchDisplay {
  readonly #lines = new LiveLines(process.stdout);
  readonly #rows: Map<string, Cell[]>;

  constructor(ids: readonly string[]) {
    this.#rows = new Map(ids.map((id) => [id, noteRow(id, '')]));
  }

  show(event: WatchEvent): void {
    if (event.$case === 'snapshot') this.#rows.set(event.value.id, summaryRow(event.value));
    else if (event.$case === 'deleted') this.#rows.set(event.value.id, noteRow(event.value.id, 'deleted'));
    else if (event.$case === 'notFound') this.#rows.set(event.value.id, noteRow(event.value.id, 'not found'));
    else if (event.$case === 'unmatched') this.#rows.delete(event.value.id);
    this.#lines.draw(this.#table());
  }

  lost(why: string): void {
    this.#lines.draw([...this.#table(), lossLine(why)]);
  }

  #table(): string[] {
    return tableLines(SUMMARY_HEAD, [...this.#rows.values()]);
  }
}

function noteRow(id: string, note: string): Cell[] {
  const rest = SUMMARY_HEAD.slice(3).map(() => ({ text: '' }));
  return [{ text: id }, { text: '' }, { text: note, paint: colors.dim }, ...rest];
}
