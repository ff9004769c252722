import {
  CreateTaskResultRequest,
  FinishAttemptRequest,
  StartAttemptRequest,
  type TaskResultState,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  type TaskResult,
  TaskResult as TaskResultMessage,
  TaskResultStatus,
} from '@taskresults/protocol/taskresults/v1/task_result';

const NOW = { seconds: 1_700_000_000n, nanos: 123_456_000 };

/** A finished result of about `bytes` bytes on the wire, as the service itself would return it. */
export function finishedResult(id: string, bytes: number): TaskResult {
  return TaskResultMessage.fromPartial({
    ...content(bytes),
    id,
    status: TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL,
    enqueuedAt: NOW,
    startedAt: NOW,
    lastAttemptedAt: NOW,
    finishedAt: NOW,
    workerIds: ['worker-1'],
    returnValueJson: RETURN_VALUE,
    revision: 3n,
    attempts: 1,
    attemptPolicy: { maxAttempts: 100 },
  });
}

const RETURN_VALUE = '{"ok":true,"lines":1234}';

/** A request that makes such a result. */
export function createRequest(id: string, bytes: number): CreateTaskResultRequest {
  return CreateTaskResultRequest.fromPartial({ id, ...content(bytes) });
}

export function startRequest(id: string): StartAttemptRequest {
  return StartAttemptRequest.fromPartial({ id, workerId: 'worker-1', requestId: `request-${id}` });
}

export function finishRequest(id: string): FinishAttemptRequest {
  return FinishAttemptRequest.fromPartial({
    id,
    attempt: 1,
    outcome: { $case: 'succeeded', value: { returnValueJson: RETURN_VALUE } },
  });
}

/** The frame of a result is about 170 bytes; arguments fill the rest. */
function content(bytes: number) {
  return {
    task: { path: 'bench.tasks.checksum', queueName: 'default' },
    argsJson: JSON.stringify(['x'.repeat(Math.max(0, bytes - 190))]),
    kwargsJson: '{"mode":"fast"}',
    backend: 'default',
  };
}

export function someState(id: string): TaskResultState {
  return {
    id,
    status: TaskResultStatus.TASK_RESULT_STATUS_READY,
    incarnation: 1n,
    revision: 1n,
    attempts: 0,
    enqueuedAt: NOW,
    startedAt: undefined,
    lastAttemptedAt: undefined,
    finishedAt: undefined,
    leaseExpiresAt: undefined,
    expiresAt: undefined,
  };
}
