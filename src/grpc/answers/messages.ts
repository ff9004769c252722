import type { Timestamp } from '@taskresults/protocol/google/protobuf/timestamp';
import type { TaskResultState } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import * as pb from '@taskresults/protocol/taskresults/v1/task_result';
import type { ResultState } from '../../domain/result-state';
import type { Micros, TaskError, TaskResult, TaskResultStatus, View } from '../../domain/task-result';
import type { Version } from '../../domain/version';
import { inView } from '../../domain/view';

/** What the domain has, as messages of the contract. */

const STATUSES: Record<TaskResultStatus, pb.TaskResultStatus> = {
  READY: pb.TaskResultStatus.TASK_RESULT_STATUS_READY,
  RUNNING: pb.TaskResultStatus.TASK_RESULT_STATUS_RUNNING,
  FAILED: pb.TaskResultStatus.TASK_RESULT_STATUS_FAILED,
  SUCCESSFUL: pb.TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL,
};

export function toTaskResult(whole: TaskResult, view: View): pb.TaskResult {
  const result = inView(whole, view);
  const { path, priority, queueName, runAfter, takesContext } = result.task;
  return {
    id: result.id,
    task: { path, priority, queueName, runAfter: toOptionalTimestamp(runAfter), takesContext },
    argsJson: result.argsJson,
    kwargsJson: result.kwargsJson,
    backend: result.backend,
    status: STATUSES[result.status],
    enqueuedAt: toTimestamp(result.enqueuedAt),
    startedAt: toOptionalTimestamp(result.startedAt),
    lastAttemptedAt: toOptionalTimestamp(result.lastAttemptedAt),
    finishedAt: toOptionalTimestamp(result.finishedAt),
    errors: result.errors.map(toError),
    workerIds: result.workerIds,
    returnValueJson: result.returnValueJson ?? undefined,
    metadata: new Map(Object.entries(result.metadata)),
    incarnation: BigInt(result.incarnation),
    revision: BigInt(result.revision),
    expiresAt: toOptionalTimestamp(result.expiresAt),
    attempts: result.attempts,
    errorCount: result.errorCount,
    attemptPolicy: { maxAttempts: result.maxAttempts },
  };
}

/** What never changes within one incarnation, left out. */
const CONSTANT = {
  task: undefined,
  enqueuedAt: undefined,
  argsJson: '',
  kwargsJson: '',
  backend: '',
  attemptPolicy: undefined,
};

/** Without what never changes within one incarnation. */
export function toChanged(result: TaskResult, view: View): pb.TaskResult {
  return { ...toTaskResult(result, view), ...CONSTANT };
}

export function toVersion({ incarnation, revision }: Version): pb.TaskResultVersion {
  return { incarnation: BigInt(incarnation), revision: BigInt(revision) };
}

export function toState(state: ResultState): TaskResultState {
  return {
    id: state.id,
    status: STATUSES[state.status],
    incarnation: BigInt(state.incarnation),
    revision: BigInt(state.revision),
    attempts: state.attempts,
    enqueuedAt: toTimestamp(state.enqueuedAt),
    startedAt: toOptionalTimestamp(state.startedAt),
    lastAttemptedAt: toOptionalTimestamp(state.lastAttemptedAt),
    finishedAt: toOptionalTimestamp(state.finishedAt),
    leaseExpiresAt: toOptionalTimestamp(state.leaseExpiresAt),
    expiresAt: toOptionalTimestamp(state.expiresAt),
  };
}

function toError(error: TaskError): pb.TaskError {
  return { ...error, raisedAt: toTimestamp(error.raisedAt) };
}

function toTimestamp(micros: Micros): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1_000 };
}

function toOptionalTimestamp(micros: Micros | null): Timestamp | undefined {
  return micros === null ? undefined : toTimestamp(micros);
}
