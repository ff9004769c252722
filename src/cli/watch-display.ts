import type { TaskResultEvent } from '@taskresults/client';
import { printJson, taskResultJson } from './json';
import { LiveLines } from './live-lines';
import { printable } from './printable';
import { type Cell, colors, onTerminal, tableLines } from './table';
import { SUMMARY_HEAD, snapshotLine, summaryRow } from './task-result-text';

/** Shows a watch as it goes on. */
export interface WatchDisplay {
  show(event: TaskResultEvent): void;
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

function eventJson(event: TaskResultEvent): object {
  switch (event.type) {
    case 'snapshot':
      return { event: 'snapshot', taskResult: taskResultJson(event.result) };
    case 'deleted':
      return { event: 'deleted', id: event.id };
    case 'notFound':
      return { event: 'not_found', id: event.id };
    case 'unmatched':
      return { event: 'unmatched', id: event.id, revision: event.revision };
  }
}

function eventLine(event: TaskResultEvent): string {
  switch (event.type) {
    case 'snapshot':
      return snapshotLine(event.result);
    case 'deleted':
      return `${event.id}  deleted`;
    case 'notFound':
      return `${event.id}  not found`;
    case 'unmatched':
      return `${event.id}  no longer matches  revision ${event.revision}`;
  }
}

/** One row for each result, drawn again in place. Ids asked for keep their order. */
class LiveTable implements WatchDisplay {
  readonly #lines = new LiveLines(process.stdout);
  readonly #rows: Map<string, Cell[]>;

  constructor(ids: readonly string[]) {
    this.#rows = new Map(ids.map((id) => [id, noteRow(id, '')]));
  }

  show(event: TaskResultEvent): void {
    if (event.type === 'snapshot') this.#rows.set(event.result.id, summaryRow(event.result));
    else if (event.type === 'deleted') this.#rows.set(event.id, noteRow(event.id, 'deleted'));
    else if (event.type === 'notFound') this.#rows.set(event.id, noteRow(event.id, 'not found'));
    else if (event.type === 'unmatched') this.#rows.delete(event.id);
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
