import type {
  PreciseDate,
  TaskResultChanges,
  TaskResultFields,
  TaskResultStatus,
  TaskState,
} from '@taskresults/client';
import { firstCharacters } from '../../domain/text';
import type { Column } from './column-widths';
import { printableLines } from './printable';
import { type Cell, colors, onTerminal, pairLines } from './table';

/** How results look to people. */

/** The columns of a table of results. Ids, statuses and outcomes are what people look for. */
export const SUMMARY_COLUMNS: readonly Column[] = [
  { head: 'ID', minWidth: 36 }, // a UUID stays whole
  { head: 'TASK', minWidth: 20, rank: 5, kept: 'end' }, // what distinguishes paths is at their end
  { head: 'STATUS', minWidth: 10 },
  { head: 'ATTEMPTS', minWidth: 8, rank: 4 },
  { head: 'WORKER', minWidth: 8, rank: 3 },
  { head: 'REVISION', minWidth: 8, rank: 1 },
  { head: 'ENQUEUED', minWidth: 19, rank: 2 },
  { head: 'OUTCOME', minWidth: 24 },
];

/** A terminal cuts it to its own width. */
const MAX_OUTCOME_LENGTH = onTerminal ? 400 : 40;

const STATUS_COLORS: Record<TaskResultStatus, (text: string) => string> = {
  READY: colors.yellow,
  RUNNING: colors.cyan,
  FAILED: colors.red,
  SUCCESSFUL: colors.green,
};

type Pair = [name: string, value: Cell];

/** One row of such a table. */
export function summaryRow(result: TaskResultFields): Cell[] {
  return [
    { text: result.id },
    { text: result.task.path },
    statusCell(result.status),
    { text: String(result.attempts) },
    { text: result.workerIds.at(-1) ?? '' },
    { text: String(result.revision) },
    { text: shortTime(result.enqueuedAt) },
    { text: shorten(outcome(result)) },
  ];
}

/** The row of an id that has no result to show. */
export function noteRow(id: string, note: string): Cell[] {
  const texts: Record<string, Cell> = { ID: { text: id }, STATUS: { text: note, paint: colors.dim } };
  return SUMMARY_COLUMNS.map(({ head }) => texts[head] ?? { text: '' });
}

/** Everything that is known of one result, a line for each thing. */
export function detailLines(result: TaskResultFields): string[] {
  const { task } = result;
  const before: [string, string][] = [
    ['id', result.id],
    ['task', task.path],
    ['queue', task.queueName],
    ['priority', String(task.priority)],
    ['run after', timeText(task.runAfter)],
    ['takes context', task.takesContext ? 'yes' : ''],
    ['backend', result.backend],
    ['args', result.argsJson ?? ''],
    ['kwargs', result.kwargsJson ?? ''],
    ['enqueued', timeText(result.enqueuedAt)],
    ['max attempts', String(result.maxAttempts)],
  ];
  return [...pairLines([...pairs(before), ...changePairs(result)]), ...tracebackLines(result)];
}

/** Everything that can have changed. */
export function changeLines(changes: TaskResultChanges): string[] {
  return [...pairLines(changePairs(changes)), ...tracebackLines(changes)];
}

/** What a transition left behind. */
export function stateLine({ id, status, incarnation, revision, attempts, leaseExpiresAt }: TaskState): string {
  const cells = [id, status, `incarnation ${incarnation}`, `revision ${revision}`];
  if (attempts > 0) cells.push(`attempt ${attempts}`);
  if (leaseExpiresAt) cells.push(`lease until ${timeText(leaseExpiresAt)}`);
  return cells.join('  ');
}

/** One event of a watch. */
export function snapshotLine(result: TaskResultFields): string {
  const { id, task, status, revision, attempts } = result;
  const cells = [id, status, task.path, `revision ${revision}`];
  if (attempts > 0) cells.push(`attempt ${attempts}`);
  return [...cells, shorten(outcome(result))].join('  ').trimEnd();
}

function statusCell(status: TaskResultStatus): Cell {
  return { text: status, paint: STATUS_COLORS[status] };
}

function changePairs(changes: TaskResultChanges): Pair[] {
  const values: [string, string][] = [
    ['started', timeText(changes.startedAt)],
    ['last attempted', timeText(changes.lastAttemptedAt)],
    ['finished', timeText(changes.finishedAt)],
    ['expires', timeText(changes.expiresAt)],
    ['incarnation', String(changes.incarnation)],
    ['revision', String(changes.revision)],
    ['attempts', String(changes.attempts)],
    ['errors', changes.errorCount > changes.errors.length ? `${changes.errorCount}, the newest below` : ''],
    ['workers', changes.workerIds.join(', ')],
    ['return value', changes.returnValueJson ?? ''],
    ...Object.entries(changes.metadata).map(([name, value]): [string, string] => [`label ${name}`, value]),
    ...changes.errors.map((error): [string, string] => [
      `error ${error.attempt}`,
      `${error.exceptionClassPath}: ${error.message}`,
    ]),
  ];
  return [['status', statusCell(changes.status)], ...pairs(values)];
}

/** What is empty is left out. */
function pairs(values: readonly [string, string][]): Pair[] {
  return values.filter(([, value]) => value !== '').map(([name, text]) => [name, { text }]);
}

function tracebackLines({ errors }: Pick<TaskResultChanges, 'errors'>): string[] {
  return errors
    .filter(({ traceback }) => traceback !== '')
    .flatMap(({ attempt, traceback }) => ['', `traceback of error ${attempt}:`, ...printableLines(traceback)]);
}

/** The return value, or else the newest error. */
function outcome({ returnValueJson, errors }: TaskResultChanges): string {
  const error = errors.at(-1);
  return returnValueJson ?? (error ? `${error.exceptionClassPath}: ${error.message}` : '');
}

function shorten(text: string): string {
  const beginning = firstCharacters(text, MAX_OUTCOME_LENGTH);
  return beginning === text ? text : `${firstCharacters(text, MAX_OUTCOME_LENGTH - 1)}…`;
}

function shortTime(time: PreciseDate): string {
  return timeText(time).replace('T', ' ').slice(0, 19);
}

/** Empty for a time that has not come. */
function timeText(time: PreciseDate | null): string {
  return time?.toISOString() ?? '';
}
