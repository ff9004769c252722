import type { TaskResultEvent, TaskResultVersion } from '@taskresults/client';
import { printJson, taskResultJson } from './json';
import { LiveTable } from './live-table';
import { printable } from './printable';
import { onTerminal } from './table';
import { snapshotLine } from './task-result-text';

/** Shows a watch as it goes on. */
export interface WatchDisplay {
  show(event: TaskResultEvent): void;
  /** The watch is lost and about to be opened again. */
  lost(why: string): void;
  /** The watch is over, and all of it must have been shown. */
  close(): void;
}

export function watchDisplay({ json }: { json?: boolean }, ids: readonly string[]): WatchDisplay {
  if (onTerminal && !json) {
    const table = new LiveTable(ids);
    return {
      show: (event) => table.show(event),
      lost: (why) => table.note(lossLine(why)),
      close: () => table.close(),
    };
  }
  return {
    show: (event) => (json ? printJson(eventJson(event)) : console.log(printable(eventLine(event)))),
    lost: (why) => console.error(lossLine(why)),
    close: () => {},
  };
}

function lossLine(why: string): string {
  return `the watch was lost, opening it again: ${printable(why)}`;
}

function eventJson(event: TaskResultEvent): object {
  switch (event.type) {
    case 'snapshot':
      return { event: 'snapshot', taskResult: taskResultJson(event.result) };
    case 'deleted':
      return { event: 'deleted', ...idAndVersion(event) };
    case 'notFound':
      return { event: 'not_found', id: event.id };
    case 'unmatched':
      return { event: 'unmatched', ...idAndVersion(event) };
  }
}

function idAndVersion({ id, incarnation, revision }: { id: string } & TaskResultVersion): object {
  return { id, incarnation, revision };
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
