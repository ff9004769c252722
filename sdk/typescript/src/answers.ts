import type { Timestamp } from '@taskresults/protocol/google/protobuf/timestamp';
import type * as lifecycle from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import * as pb from '@taskresults/protocol/taskresults/v1/task_result';
import { InternalError } from './errors';
import { PreciseDate } from './precise-date';
import type {
  Task,
  TaskError,
  TaskResultChanges,
  TaskResultFields,
  TaskResultStatus,
  TaskState,
} from './task-result-fields';
import { versionOf } from './version';

/** What the server answers, as callers of this package see it. */

export function fieldsOf(result: pb.TaskResult): TaskResultFields {
  const { id, task, backend, argsJson, kwargsJson } = result;
  return {
    id,
    task: taskOf(task ?? pb.Task.create()),
    backend,
    // Empty texts are no JSON: they are left out of the BASIC view.
    argsJson: argsJson || null,
    kwargsJson: kwargsJson || null,
    enqueuedAt: time(result.enqueuedAt),
    maxAttempts: result.attemptPolicy?.maxAttempts ?? 0,
    ...changesOf(result),
  };
}

export function changesOf(update: pb.TaskResult): TaskResultChanges {
  return {
    ...versionOf(update),
    status: statusOf(update.status),
    startedAt: optionalTime(update.startedAt),
    lastAttemptedAt: optionalTime(update.lastAttemptedAt),
    finishedAt: optionalTime(update.finishedAt),
    attempts: update.attempts,
    errorCount: update.errorCount,
    errors: update.errors.map(errorOf),
    workerIds: update.workerIds,
    returnValueJson: update.returnValueJson ?? null,
    metadata: Object.fromEntries(update.metadata),
    expiresAt: optionalTime(update.expiresAt),
  };
}

export function stateOf({ state }: { state?: lifecycle.TaskResultState | undefined }): TaskState {
  if (!state) throw incomplete('state');
  const { id, status, attempts } = state;
  return {
    id,
    ...versionOf(state),
    status: statusOf(status),
    attempts,
    enqueuedAt: time(state.enqueuedAt),
    startedAt: optionalTime(state.startedAt),
    lastAttemptedAt: optionalTime(state.lastAttemptedAt),
    finishedAt: optionalTime(state.finishedAt),
    leaseExpiresAt: optionalTime(state.leaseExpiresAt),
    expiresAt: optionalTime(state.expiresAt),
  };
}

export function statusOf(status: pb.TaskResultStatus): TaskResultStatus {
  return pb.TaskResultStatus[status]?.replace('TASK_RESULT_STATUS_', '') as TaskResultStatus;
}

function taskOf({ path, priority, queueName, runAfter, takesContext }: pb.Task): Task {
  return { path, priority, queueName, runAfter: optionalTime(runAfter), takesContext };
}

function errorOf({ exceptionClassPath, message, traceback, attempt, workerId, raisedAt }: pb.TaskError): TaskError {
  return { exceptionClassPath, message, traceback, attempt, workerId, raisedAt: time(raisedAt) };
}

/** Only a server of another kind gives such an answer. */
export function incomplete(what: string): InternalError {
  return new InternalError({ reason: 'INTERNAL', message: `the server answered no ${what}` });
}

function optionalTime(timestamp: Timestamp | undefined): PreciseDate | null {
  return timestamp ? time(timestamp) : null;
}

function time({ seconds, nanos }: Timestamp = { seconds: 0n, nanos: 0 }): PreciseDate {
  return PreciseDate.fromEpochMicroseconds(Number(seconds) * 1_000_000 + Math.floor(nanos / 1_000));
}
