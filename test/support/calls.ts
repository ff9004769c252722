import type { Duration } from '@taskresults/protocol/google/protobuf/duration';
import type { Timestamp } from '@taskresults/protocol/google/protobuf/timestamp';
import * as lifecycle from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  type TaskError,
  TaskResultStatus,
  type TaskResultVersion,
  TaskResultView,
} from '@taskresults/protocol/taskresults/v1/task_result';
import * as results from '@taskresults/protocol/taskresults/v1/task_result_service';
import { fresh } from './fresh';
import { call, type TestService } from './service';

/** Calls of both services in few words, through real clients. What a test does not say is filled in. */

type Given<T extends { fromPartial(given: never): unknown }> = Parameters<T['fromPartial']>[0];

export const READY = TaskResultStatus.TASK_RESULT_STATUS_READY;
export const RUNNING = TaskResultStatus.TASK_RESULT_STATUS_RUNNING;
export const FAILED = TaskResultStatus.TASK_RESULT_STATUS_FAILED;
export const SUCCESSFUL = TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL;
export const BASIC = TaskResultView.TASK_RESULT_VIEW_BASIC;
export const FULL = TaskResultView.TASK_RESULT_VIEW_FULL;

export const ANY_ERROR: Partial<TaskError> = {
  exceptionClassPath: 'builtins.ValueError',
  message: 'it broke',
  traceback: 'line 1\nline 2',
};

export function createRequest(given: Given<typeof lifecycle.CreateTaskResultRequest>) {
  return lifecycle.CreateTaskResultRequest.fromPartial({ task: { path: 'app.tasks.send_mail' }, ...given });
}

export function succeededRequest(id: string, attempt = 1, returnValueJson = '') {
  const outcome = { $case: 'succeeded' as const, value: { returnValueJson } };
  return lifecycle.FinishAttemptRequest.fromPartial({ id, attempt, outcome });
}

export function failedRequest(id: string, attempt = 1, retry = false, error: Partial<TaskError> = ANY_ERROR) {
  const outcome = { $case: 'failed' as const, value: { error, retry } };
  return lifecycle.FinishAttemptRequest.fromPartial({ id, attempt, outcome });
}

export type Calls = ReturnType<typeof callsOf>;

/** The ids of an answer's results. */
export function idsOf({ taskResults }: Pick<results.ListTaskResultsResponse, 'taskResults'>): string[] {
  return taskResults.map(({ id }) => id);
}

export function callsOf({ reads, writes }: Pick<TestService, 'reads' | 'writes'>) {
  const finish = (request: lifecycle.FinishAttemptRequest) =>
    call<lifecycle.FinishAttemptResponse>((done) => writes.finishAttempt(request, done));
  const create = (id: string, given: Given<typeof lifecycle.CreateTaskResultRequest> = {}) =>
    call<lifecycle.CreateTaskResultResponse>((done) => writes.createTaskResult(createRequest({ id, ...given }), done));
  return {
    create,
    /** Creates a result under an id of its own, which it returns. */
    created: async (given: Parameters<typeof create>[1] = {}) => {
      const id = fresh();
      await create(id, given);
      return id;
    },
    start: (id: string, workerId = 'w1', given: Given<typeof lifecycle.StartAttemptRequest> = {}) =>
      call<lifecycle.StartAttemptResponse>((done) =>
        writes.startAttempt(lifecycle.StartAttemptRequest.fromPartial({ id, workerId, ...given }), done),
      ),
    renew: (id: string, attempt: number, lease?: Duration, incarnation = 0n) =>
      call<lifecycle.RenewLeaseResponse>((done) => writes.renewLease({ id, incarnation, attempt, lease }, done)),
    finish,
    succeed: (...given: Parameters<typeof succeededRequest>) => finish(succeededRequest(...given)),
    failAttempt: (...given: Parameters<typeof failedRequest>) => finish(failedRequest(...given)),
    fail: (id: string, error?: Partial<TaskError>) =>
      call<lifecycle.FailTaskResultResponse>((done) =>
        writes.failTaskResult(lifecycle.FailTaskResultRequest.fromPartial({ id, error }), done),
      ),
    remove: (id: string, given: Given<typeof lifecycle.DeleteTaskResultRequest> = {}) =>
      call<lifecycle.DeleteTaskResultResponse>((done) =>
        writes.deleteTaskResult(lifecycle.DeleteTaskResultRequest.fromPartial({ id, ...given }), done),
      ),

    get: async (id: string, given: Given<typeof results.GetTaskResultRequest> = {}) => {
      const request = results.GetTaskResultRequest.fromPartial({ id, ...given });
      const { taskResult } = await call<results.GetTaskResultResponse>((done) => reads.getTaskResult(request, done));
      if (!taskResult) throw new Error('an answer without a result');
      return taskResult;
    },
    batchGet: (ids: string[], view?: TaskResultView) =>
      call<results.BatchGetTaskResultsResponse>((done) =>
        reads.batchGetTaskResults(results.BatchGetTaskResultsRequest.fromPartial({ ids, view }), done),
      ),
    refresh: async (id: string, known?: TaskResultVersion, view?: TaskResultView) => {
      const request = results.RefreshTaskResultRequest.fromPartial({ id, known, view });
      return (await call<results.RefreshTaskResultResponse>((done) => reads.refreshTaskResult(request, done))).outcome;
    },
    batchRefresh: (taskResults: { id: string; known?: TaskResultVersion }[], view?: TaskResultView) =>
      call<results.BatchRefreshTaskResultsResponse>((done) =>
        reads.batchRefreshTaskResults(results.BatchRefreshTaskResultsRequest.fromPartial({ taskResults, view }), done),
      ),
    list: (given: Given<typeof results.ListTaskResultsRequest> = {}) =>
      call<results.ListTaskResultsResponse>((done) =>
        reads.listTaskResults(results.ListTaskResultsRequest.fromPartial(given), done),
      ),
    wait: (given: Given<typeof results.WaitTaskResultRequest>) =>
      call<results.WaitTaskResultResponse>((done) =>
        reads.waitTaskResult(results.WaitTaskResultRequest.fromPartial(given), done),
      ),
  };
}

/** A span of time in milliseconds. */
export function ms(milliseconds: number): Duration {
  const seconds = Math.floor(milliseconds / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.round((milliseconds - seconds * 1_000) * 1_000_000) };
}

export function at(micros: number): Timestamp {
  const seconds = Math.floor(micros / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (micros - seconds * 1_000_000) * 1_000 };
}

export function micros(timestamp: Timestamp | undefined): number {
  if (!timestamp) throw new Error('no timestamp');
  return Number(timestamp.seconds) * 1_000_000 + timestamp.nanos / 1_000;
}
