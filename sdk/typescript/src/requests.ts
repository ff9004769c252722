import type { Timestamp } from '@taskresults/protocol/google/protobuf/timestamp';
import {
  CreateTaskResultRequest,
  type TaskResultState,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  TaskResultStatus as Status,
  TaskResult,
  TaskResultView as View,
} from '@taskresults/protocol/taskresults/v1/task_result';
import { TaskResultFilter as Filter, type TimeRange } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { v7 as uuidv7 } from 'uuid';
import { invalidField } from './invalid-field';
import { encode, type JsonFormat, type RawJson } from './json';
import { PreciseDate } from './precise-date';
import type { TaskResultStatus, TaskResultView } from './task-result-fields';

/** What callers give, as the server takes it. */

/** A task to be registered. */
export interface NewTask {
  /** The identity of the task, e.g. `app.tasks.send_mail`: 1 to 255 characters. */
  path: string;
  /** 1 to 64 characters. Default: a UUIDv7. */
  id?: string;
  /** Positional arguments. */
  args?: readonly unknown[] | RawJson;
  /** Keyword arguments. */
  kwargs?: Readonly<Record<string, unknown>> | RawJson;
  /** -100 to 100, higher is more urgent. Default 0. */
  priority?: number;
  /** Default "default". */
  queueName?: string;
  /** The task must not run before this time; a PreciseDate is exact to the microsecond. Default: it may run at once. */
  runAfter?: Date;
  /** The task takes its own result as its first argument. */
  takesContext?: boolean;
  /** Name of the task backend. Default "default". */
  backend?: string;
  /** Labels for finding and correlating: up to 32, names of 1 to 63 characters, values of up to 255. */
  metadata?: Readonly<Record<string, string>>;
  /** Attempts that may be made, 1 to 1,000; the failure or loss of the last one is final. Default 100. */
  maxAttempts?: number;
}

/** A span of time: from `start`, which is inside, to `end`, which is not. */
export interface TimeSpan {
  start?: Date;
  end?: Date;
}

/** Which results: all conditions given must hold. */
export interface TaskResultFilter {
  /** Any of these. */
  statuses?: readonly TaskResultStatus[];
  path?: string;
  queueName?: string;
  backend?: string;
  /** At least one attempt was made by this worker. */
  workerId?: string;
  enqueued?: TimeSpan;
  /** Results that are not finished do not match. */
  finished?: TimeSpan;
  /** All of these labels, with exactly these values. */
  metadata?: Readonly<Record<string, string>>;
}

/** What the server takes when none is said. */
const DEFAULT_MAX_ATTEMPTS = 100;

/** An empty id would have the server make one, another one at each repetition. */
export function createRequest(json: JsonFormat, task: NewTask): CreateTaskResultRequest {
  const id = named('id', task.id ?? uuidv7());
  const { path, priority, queueName, runAfter, takesContext, args = [], kwargs = {}, backend, metadata } = task;
  const { maxAttempts } = task;
  if (maxAttempts === 0) throw invalidField('attempt_policy.max_attempts', 'must be at least 1');
  return CreateTaskResultRequest.fromPartial({
    id,
    task: { path, priority, queueName, runAfter: runAfter && timestamp('run_after', runAfter), takesContext },
    argsJson: encode(json, 'args', args),
    kwargsJson: encode(json, 'kwargs', kwargs),
    backend,
    metadata: metadata && labels(metadata),
    attemptPolicy: maxAttempts === undefined ? undefined : { maxAttempts },
  });
}

/** What that request has made, as the server would return it. */
export function createdResult(request: CreateTaskResultRequest, state: TaskResultState): TaskResult {
  const { id, task, argsJson, kwargsJson, backend, metadata, attemptPolicy } = request;
  const { status, enqueuedAt, incarnation, revision } = state;
  return TaskResult.fromPartial({
    id,
    task: { ...task, queueName: task?.queueName || 'default' },
    argsJson: argsJson || '[]',
    kwargsJson: kwargsJson || '{}',
    backend: backend || 'default',
    metadata,
    attemptPolicy: { maxAttempts: attemptPolicy?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS },
    status,
    enqueuedAt,
    incarnation,
    revision,
  });
}

export function filterOf(filter: TaskResultFilter): Filter {
  return Filter.fromPartial({
    statuses: filter.statuses?.map((status, i) =>
      known(`filter.statuses[${i}]`, Status[`TASK_RESULT_STATUS_${status}`]),
    ),
    taskPath: filter.path,
    queueName: filter.queueName,
    backend: filter.backend,
    workerId: filter.workerId,
    enqueued: filter.enqueued && timeRange(filter.enqueued),
    finished: filter.finished && timeRange(filter.finished),
    metadata: filter.metadata && labels(filter.metadata),
  });
}

/** Which view is the default, the server says: it differs between calls. */
export function viewOf(view?: TaskResultView): View {
  return view === undefined ? View.TASK_RESULT_VIEW_UNSPECIFIED : known('view', View[`TASK_RESULT_VIEW_${view}`]);
}

/** A name that makes repeating a call safe. */
export function named(field: string, name: string): string {
  if (name === '') throw invalidField(field, 'must not be empty');
  return name;
}

/** Types do not hold what comes from JavaScript. */
function known<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalidField(field, 'is none that is known');
  return value;
}

function labels(metadata: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(metadata));
}

function timeRange({ start, end }: TimeSpan): TimeRange {
  return { start: start && timestamp('start', start), end: end && timestamp('end', end) };
}

function timestamp(field: string, date: Date): Timestamp {
  if (Number.isNaN(date.getTime())) throw invalidField(field, 'is an invalid Date');
  const micros = date instanceof PreciseDate ? date.epochMicroseconds : date.getTime() * 1_000;
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1_000 };
}
