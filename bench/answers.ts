import { isDeepStrictEqual } from 'node:util';
import {
  CreateTaskResultResponse,
  FinishAttemptResponse,
  RecordTransitionsResponse,
  StartAttemptResponse,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import type { TaskResult } from '@taskresults/protocol/taskresults/v1/task_result';
import { TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  BatchGetTaskResultsResponse,
  GetTaskResultResponse,
  RefreshTaskResultResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { finishedResult } from './payloads';

/** Checks of what answers say, so that nothing is measured that is fast and wrong. Each throws at a wrong one. */

export const {
  TASK_RESULT_STATUS_READY: READY,
  TASK_RESULT_STATUS_RUNNING: RUNNING,
  TASK_RESULT_STATUS_SUCCESSFUL: SUCCESSFUL,
} = TaskResultStatus;

type Status = typeof READY | typeof RUNNING | typeof SUCCESSFUL;

/** A result as it was created with so many bytes, and where it stands. */
export function checkGot(answer: Uint8Array, id: string, bytes: number, status: Status): void {
  checkResult(GetTaskResultResponse.decode(answer).taskResult, id, bytes, status);
}

export function checkBatch(answer: Uint8Array, ids: readonly string[], bytes: number): void {
  const { taskResults } = BatchGetTaskResultsResponse.decode(answer);
  same('results', taskResults.length, ids.length);
  const byId = new Map(taskResults.map((result) => [result.id, result]));
  for (const id of ids) checkResult(byId.get(id), id, bytes, READY);
}

export function checkUnchanged(answer: Uint8Array): void {
  same('outcome', RefreshTaskResultResponse.decode(answer).outcome?.$case, 'unchanged');
}

export function checkCreated(answer: Uint8Array, id: string): void {
  checkState(CreateTaskResultResponse.decode(answer).state, id, READY);
}

export function checkStarted(answer: Uint8Array, id: string): void {
  const { attempt, state } = StartAttemptResponse.decode(answer);
  same('attempt', attempt, 1);
  checkState(state, id, RUNNING);
}

export function checkFinished(answer: Uint8Array, id: string): void {
  checkState(FinishAttemptResponse.decode(answer).state, id, SUCCESSFUL);
}

/** One outcome for each id, whose place is the number of its transition. */
export function checkRecorded(answers: readonly Uint8Array[], ids: readonly string[], status: Status): void {
  const missing = new Set(ids);
  for (const answer of answers) {
    const { more, ...first } = RecordTransitionsResponse.decode(answer);
    for (const { number, outcome } of [first, ...more]) {
      if (outcome?.$case !== 'state') throw new Error(outcome?.value.message ?? 'an answer without an outcome');
      const id = ids[Number(number)] as string;
      checkState(outcome.value, id, status);
      if (!missing.delete(id)) throw new Error(`${id} was answered twice`);
    }
  }
  same('transitions without an answer', missing.size, 0);
}

function checkState(state: { id: string; status: TaskResultStatus } | undefined, id: string, status: Status): void {
  same('id', state?.id, id);
  same('status', state?.status, status);
}

function checkResult(result: TaskResult | undefined, id: string, bytes: number, status: Status): void {
  checkState(result, id, status);
  const expected = finishedResult(id, bytes);
  same('task', result?.task?.path, expected.task?.path);
  same('args', result?.argsJson, expected.argsJson);
  same('kwargs', result?.kwargsJson, expected.kwargsJson);
  if (status !== SUCCESSFUL) return;
  same('return value', result?.returnValueJson, expected.returnValueJson);
  same('workers', result?.workerIds, expected.workerIds);
}

function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Error(`a wrong answer: ${what} ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`);
}
