import * as limits from '../domain/limits';
import { formatDuration, spacedBytes } from './units';

/** The table of limits for the README. */
export function limitsTable(): string {
  return ['| what | limit | beyond |', '| --- | --- | --- |', ...rows().map((row) => `| ${row.join(' | ')} |`)].join(
    '\n',
  );
}

type Row = readonly [what: string, limit: string, beyond: string];

function rows(): Row[] {
  const { maxJsonSize, maxTracebackSize, maxMessageSize, maxWatches, maxWatchedIds } = limits.CONFIGURABLE;
  const labels = `${limits.MAX_LABELS}; names of ${limits.MAX_LABEL_NAME_LENGTH}, values of ${characters(limits.MAX_LABEL_VALUE_LENGTH)}`;
  const watches = `${count(maxWatches.usual)} and ${count(maxWatchedIds.usual)} (settings)`;
  const waiting = `${count(limits.MAX_WAITING_WRITES)}, or about ${spacedBytes(limits.MAX_WAITING_SIZE)}`;
  return [
    ['`args_json`, `kwargs_json`, `return_value_json`, each', setting(maxJsonSize.usual), 'refused'],
    ['traceback', setting(maxTracebackSize.usual), 'cut and marked: a failure must not get lost'],
    ['error message', spacedBytes(limits.MAX_ERROR_MESSAGE_SIZE), 'cut and marked'],
    ['exception class path', characters(limits.MAX_CLASS_PATH_LENGTH), 'cut'],
    [
      'all errors of one result together',
      `about ${spacedBytes(limits.MAX_ERRORS_SIZE)}`,
      'later messages and tracebacks are cut harder',
    ],
    ['id', characters(limits.MAX_ID_LENGTH), 'refused'],
    [
      'task path, queue, backend, worker id, request id',
      `${characters(limits.MAX_NAME_LENGTH)} (worker id: setting)`,
      'refused',
    ],
    ['priority', `-${limits.MAX_PRIORITY} to ${limits.MAX_PRIORITY}`, 'refused'],
    ['labels', labels, 'refused'],
    ['lease', between(limits.MIN_LEASE, limits.MAX_LEASE), 'refused'],
    ['ids in one batch call or watch', count(limits.MAX_IDS), 'refused'],
    [
      'transitions in one message of `RecordTransitions`, besides the first',
      count(limits.MAX_MORE_TRANSITIONS),
      'refused',
    ],
    ['statuses in one filter, repeated ones included', count(limits.MAX_STATUSES), 'refused'],
    ['page of a list', `${count(limits.MAX_PAGE_SIZE)} results (${limits.DEFAULT_PAGE_SIZE} unless asked)`, 'refused'],
    ['answer with many results', spacedBytes(limits.MAX_ANSWER_SIZE), 'shorter page, or ids named as deferred'],
    ['message', setting(maxMessageSize.usual), 'refused'],
    [
      'heartbeat of a watch',
      `${between(limits.MIN_HEARTBEAT, limits.MAX_HEARTBEAT)} (${formatDuration(limits.DEFAULT_HEARTBEAT)} unless asked)`,
      'refused',
    ],
    ['one wait', formatDuration(limits.MAX_WAIT), 'ends as unfinished, and the caller waits again'],
    ['open watches, watched ids, per process', watches, 'refused'],
    ['results that match a watch by filter', count(limits.MAX_FILTER_MATCHES), 'refused'],
    ['writes waiting, per process', waiting, 'refused'],
  ];
}

function setting(bytes: number): string {
  return `${spacedBytes(bytes)} (setting)`;
}

function characters(most: number): string {
  return `${count(most)} characters`;
}

function between(min: number, max: number): string {
  return `${formatDuration(min)} to ${formatDuration(max)}`;
}

function count(number: number): string {
  return number.toLocaleString('en');
}
