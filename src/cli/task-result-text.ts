import type { Timestamp } from '../gen/google/protobuf/timestamp';
import type { TaskResultState } from '../gen/taskresults/v1/task_lifecycle_service';
import { type TaskResult, TaskResultStatus } from '../gen/taskresults/v1/task_result';
import type { TaskResultUpdate } from '../gen/taskresults/v1/task_result_service';
import { statusText, timeText } from './json';
import { printableLines } from './printable';
import { type Cell, colors, pairLines } from './table';

/** How results look to people. */

export const SUMMARY_HEAD = ['ID', 'TASK', 'STATUS', 'ATTEMPTS', 'WORKER', 'REVISION', 'ENQUEUED', 'OUTCOME'] as const;
const OUTCOME_LENGTH = 40;

const STATUS_COLORS: Partial<Record<TaskResultStatus, (text: string) => string>> = {
  [TaskResultStatus.TASK_RESULT_STATUS_READY]: colors.yellow,
  [TaskResultStatus.TASK_RESULT_STATUS_RUNNING]: colors.cyan,
  [TaskResultStatus.TASK_RESULT_STATUS_FAILED]: colors.red,
  [TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL]: colors.green,
};

type Pair = [name: string, value: Cell];

/** One row of a table of results. */
export function summaryRow(result: TaskResult): Cell[] {
  return [
    { text: result.id },
    { text: result.task?.path ?? '' },
    statusCell(result.status),
    { text: String(result.workerIds.length) },
    { text: result.workerIds.at(-1) ?? '' },
    { text: String(result.revision) },
    { text: shortTime(result.enqueuedAt) },
    { text: shorten(outcome(result)) },
  ];
}

/** Everything that is known of one result. */
export function detailLines(result: TaskResult): string[] {
  const { task } = result;
  const before: [string, string][] = [
    ['id', result.id],
    ['task', task?.path ?? ''],
    ['queue', task?.queueName ?? ''],
    ['priority', String(task?.priority ?? 0)],
    ['run after', timeText(task?.runAfter) ?? ''],
    ['takes context', task?.takesContext ? 'yes' : ''],
    ['backend', result.backend],
    ['args', result.argsJson],
    ['kwargs', result.kwargsJson],
  ];
  return [...pairLines([...pairs(before), ...updatePairs(result)]), ...tracebackLines(result)];
}

/** Everything that can have changed. */
export function updateLines(update: TaskResultUpdate): string[] {
  return [...pairLines(updatePairs(update)), ...tracebackLines(update)];
}

/** What a transition left behind. */
export function stateLine({ id, status, revision, attempts, leaseExpiresAt }: TaskResultState): string {
  const cells = [id, statusText(status), `revision ${revision}`];
  if (attempts > 0) cells.push(`attempt ${attempts}`);
  if (leaseExpiresAt) cells.push(`lease until ${timeText(leaseExpiresAt)}`);
  return cells.join('  ');
}

/** One event of a watch. */
export function changeLine(result: TaskResult): string {
  const { id, task, status, revision, workerIds } = result;
  const cells = [id, statusText(status), task?.path ?? '', `revision ${revision}`];
  if (workerIds.length > 0) cells.push(`attempt ${workerIds.length}`);
  return [...cells, shorten(outcome(result))].join('  ').trimEnd();
}

function statusCell(status: TaskResultStatus): Cell {
  return { text: statusText(status), paint: STATUS_COLORS[status] };
}

function updatePairs(update: TaskResultUpdate): Pair[] {
  const values: [string, string][] = [
    ['enqueued', timeText(update.enqueuedAt) ?? ''],
    ['started', timeText(update.startedAt) ?? ''],
    ['last attempted', timeText(update.lastAttemptedAt) ?? ''],
    ['finished', timeText(update.finishedAt) ?? ''],
    ['expires', timeText(update.expiresAt) ?? ''],
    ['revision', String(update.revision)],
    ['workers', update.workerIds.join(', ')],
    ['return value', update.returnValueJson ?? ''],
    ...[...update.metadata].map(([name, value]): [string, string] => [`label ${name}`, value]),
    ...update.errors.map((error): [string, string] => [
      `error ${error.attempt}`,
      `${error.exceptionClassPath}: ${error.message}`,
    ]),
  ];
  return [['status', statusCell(update.status)], ...pairs(values)];
}

/** What is empty is left out. */
function pairs(values: readonly [string, string][]): Pair[] {
  return values.filter(([, value]) => value !== '').map(([name, text]) => [name, { text }]);
}

function tracebackLines({ errors }: Pick<TaskResultUpdate, 'errors'>): string[] {
  return errors
    .filter(({ traceback }) => traceback !== '')
    .flatMap(({ attempt, traceback }) => ['', `traceback of error ${attempt}:`, ...printableLines(traceback)]);
}

/** The return value, or else the newest error. */
function outcome({ returnValueJson, errors }: TaskResult): string {
  const error = errors.at(-1);
  return returnValueJson ?? (error ? `${error.exceptionClassPath}: ${error.message}` : '');
}

function shorten(text: string): string {
  return text.length > OUTCOME_LENGTH ? `${text.slice(0, OUTCOME_LENGTH - 1)}…` : text;
}

function shortTime(time: Timestamp | undefined): string {
  return timeText(time)?.replace('T', ' ').slice(0, 19) ?? '';
}
