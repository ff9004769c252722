import { TaskResultStatus as PbStatus, TaskResultView } from '@taskresults/protocol/taskresults/v1/task_result';
import * as pb from '@taskresults/protocol/taskresults/v1/task_result_service';
import { invalidField } from '../../domain/errors';
import type { Filter, TimeRange } from '../../domain/filter';
import {
  DEFAULT_HEARTBEAT,
  DEFAULT_PAGE_SIZE,
  MAX_HEARTBEAT,
  MAX_IDS,
  MAX_NAME_LENGTH,
  MAX_PAGE_SIZE,
  MAX_STATUSES,
  MAX_WAIT,
  MIN_HEARTBEAT,
} from '../../domain/limits';
import type { TaskResultStatus, View } from '../../domain/task-result';
import type { KnownResult } from '../../service/reading/reads';
import type { Until } from '../../service/watching/watches';
import { duration, durationUpTo, integer, knownVersion, list, required, resultId, text, timestamp } from './fields';
import { metadata } from './metadata-field';

/** Requests of TaskResultService, checked and as the domain has them. */

const STATUSES = new Map<PbStatus, TaskResultStatus>([
  [PbStatus.TASK_RESULT_STATUS_READY, 'READY'],
  [PbStatus.TASK_RESULT_STATUS_RUNNING, 'RUNNING'],
  [PbStatus.TASK_RESULT_STATUS_FAILED, 'FAILED'],
  [PbStatus.TASK_RESULT_STATUS_SUCCESSFUL, 'SUCCESSFUL'],
]);

export function view(value: TaskResultView, otherwise: View): View {
  switch (value) {
    case TaskResultView.TASK_RESULT_VIEW_UNSPECIFIED:
      return otherwise;
    case TaskResultView.TASK_RESULT_VIEW_FULL:
      return 'FULL';
    case TaskResultView.TASK_RESULT_VIEW_BASIC:
      return 'BASIC';
    default:
      throw invalidField('view', 'is no known view');
  }
}

export function ids(values: readonly string[]): readonly string[] {
  return list('ids', values, 1, MAX_IDS).map((id, i) => resultId(`ids[${i}]`, id));
}

export function knownResults(field: string, values: readonly pb.KnownTaskResult[]): KnownResult[] {
  return list(field, values, 1, MAX_IDS).map(({ id, known }, i) => ({
    id: resultId(`${field}[${i}].id`, id),
    version: knownVersion(`${field}[${i}].known`, known),
  }));
}

/** The one result that a request is about. */
export function knownResult({ id, known }: pb.KnownTaskResult): KnownResult {
  return { id: resultId('id', id), version: knownVersion('known', known) };
}

export function filter(value: pb.TaskResultFilter | undefined): Filter {
  const given = value ?? pb.TaskResultFilter.fromPartial({});
  return {
    statuses: statuses(given.statuses),
    taskPath: optionalText('filter.task_path', given.taskPath),
    queueName: optionalText('filter.queue_name', given.queueName),
    backend: optionalText('filter.backend', given.backend),
    workerId: optionalText('filter.worker_id', given.workerId),
    enqueued: timeRange('filter.enqueued', given.enqueued),
    finished: timeRange('filter.finished', given.finished),
    metadata: metadata('filter.metadata', given.metadata),
  };
}

/** The statuses, each once. */
function statuses(values: readonly PbStatus[]): TaskResultStatus[] {
  const known = list('filter.statuses', values, 0, MAX_STATUSES).map((value, i) => {
    const status = STATUSES.get(value);
    if (!status) throw invalidField(`filter.statuses[${i}]`, 'is no known status');
    return status;
  });
  return [...new Set(known)];
}

function optionalText(field: string, value: string): string | null {
  return value === '' ? null : text(field, value, 0, MAX_NAME_LENGTH);
}

function timeRange(field: string, value: pb.TimeRange | undefined): TimeRange | null {
  if (!value) return null;
  const start = value.start ? timestamp(`${field}.start`, value.start) : null;
  const end = value.end ? timestamp(`${field}.end`, value.end) : null;
  return { start, end };
}

export function pageSize(value: number): number {
  return integer('page_size', value, 0, MAX_PAGE_SIZE) || DEFAULT_PAGE_SIZE;
}

/** What a watch asks for, by ids or by filter. */
export type WatchTarget = { kind: 'ids'; known: KnownResult[] } | { kind: 'filter'; filter: Filter };

export function watchTarget(value: pb.WatchTaskResultsRequest['target']): WatchTarget {
  const target = required('target', value);
  return target.$case === 'ids'
    ? { kind: 'ids', known: knownResults('ids.task_results', target.value.taskResults) }
    : { kind: 'filter', filter: filter(target.value) };
}

/** In milliseconds. */
export function heartbeatInterval(value: pb.WatchTaskResultsRequest['heartbeatInterval']): number {
  const interval = value ? duration('heartbeat_interval', value, MIN_HEARTBEAT, MAX_HEARTBEAT) : DEFAULT_HEARTBEAT;
  return interval / 1_000;
}

/** In milliseconds. */
export function waitTimeout(value: pb.WaitTaskResultRequest['timeout']): number {
  return (value ? durationUpTo('timeout', value, MAX_WAIT) : MAX_WAIT) / 1_000;
}

export function until(value: pb.WaitTaskResultRequest_Until): Until {
  switch (value) {
    case pb.WaitTaskResultRequest_Until.UNTIL_UNSPECIFIED:
    case pb.WaitTaskResultRequest_Until.UNTIL_FINISHED:
      return 'FINISHED';
    case pb.WaitTaskResultRequest_Until.UNTIL_CHANGED:
      return 'CHANGED';
    default:
      throw invalidField('until', 'is nothing known to wait for');
  }
}
