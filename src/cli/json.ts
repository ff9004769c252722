import type { Timestamp } from '../gen/google/protobuf/timestamp';
import type { TaskResultState } from '../gen/taskresults/v1/task_lifecycle_service';
import { type TaskError, type TaskResult, TaskResultStatus } from '../gen/taskresults/v1/task_result';
import type { TaskResultUpdate } from '../gen/taskresults/v1/task_result_service';

/**
 * What `--json` prints. JSON payloads stay texts within it, so that nobody's reader rounds their numbers; what is unset is
 * null.
 */

export function printJson(value: object): void {
  console.log(JSON.stringify(value));
}

export function taskResultJson(result: TaskResult) {
  const { id, task, argsJson, kwargsJson, backend } = result;
  const path = task?.path ?? '';
  const { priority = 0, queueName = '', takesContext = false } = task ?? {};
  return {
    id,
    task: { path, priority, queueName, runAfter: timeText(task?.runAfter), takesContext },
    argsJson,
    kwargsJson,
    backend,
    ...updateJson(result),
  };
}

/** The fields that can change. */
export function updateJson(update: TaskResultUpdate) {
  return {
    status: statusText(update.status),
    enqueuedAt: timeText(update.enqueuedAt),
    startedAt: timeText(update.startedAt),
    lastAttemptedAt: timeText(update.lastAttemptedAt),
    finishedAt: timeText(update.finishedAt),
    errors: update.errors.map(errorJson),
    workerIds: update.workerIds,
    returnValueJson: update.returnValueJson ?? null,
    metadata: Object.fromEntries(update.metadata),
    revision: Number(update.revision),
    expiresAt: timeText(update.expiresAt),
  };
}

export function stateJson(state: TaskResultState) {
  return {
    id: state.id,
    status: statusText(state.status),
    revision: Number(state.revision),
    attempts: state.attempts,
    enqueuedAt: timeText(state.enqueuedAt),
    startedAt: timeText(state.startedAt),
    lastAttemptedAt: timeText(state.lastAttemptedAt),
    finishedAt: timeText(state.finishedAt),
    leaseExpiresAt: timeText(state.leaseExpiresAt),
    expiresAt: timeText(state.expiresAt),
  };
}

/** `READY`, without the prefix that enums carry. */
export function statusText(status: TaskResultStatus): string {
  return (TaskResultStatus[status] ?? String(status)).replace('TASK_RESULT_STATUS_', '');
}

/** RFC 3339 to the microsecond. */
export function timeText(time: Timestamp): string;
export function timeText(time: Timestamp | undefined): string | null;
export function timeText(time: Timestamp | undefined): string | null {
  if (time === undefined) return null;
  const seconds = new Date(Number(time.seconds) * 1_000).toISOString().slice(0, 19);
  const micros = Math.floor(time.nanos / 1_000);
  return `${seconds}.${String(micros).padStart(6, '0')}Z`;
}

function errorJson(error: TaskError) {
  const { exceptionClassPath, message, traceback, attempt, workerId } = error;
  return { exceptionClassPath, message, traceback, attempt, workerId, raisedAt: timeText(error.raisedAt) };
}
