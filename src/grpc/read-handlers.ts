import { type sendUnaryData, status } from '@grpc/grpc-js';
import type { TaskResultServiceServer } from '../gen/taskresults/v1/task_result_service';
import type { Reads } from '../service/reads';
import { toTaskResult, toUpdate } from './convert';
import { resultId, text } from './fields';
import { type Authorize, type Handlers, type OnInternalError, unary } from './handlers';
import { fromPageToken, toPageToken } from './page-token';
import * as parse from './read-requests';

/** TaskResultService over `reads`, but for its stream. */
export function readHandlers(
  reads: Reads,
  authorize: Authorize,
  onInternalError: OnInternalError,
): Handlers<Omit<TaskResultServiceServer, 'watchTaskResults'>> {
  const handle = <Request, Response>(answer: (request: Request) => Promise<Response>) =>
    unary(authorize, onInternalError, answer);

  return {
    getTaskResult: handle(async (request) => {
      const id = resultId('id', request.id);
      const expected = text('expected_task_path', request.expectedTaskPath, 0, 255) || null;
      return { taskResult: toTaskResult(await reads.get(id, expected, parse.view(request.view))) };
    }),

    batchGetTaskResults: handle(async (request) => {
      const { found, notFound, deferred } = await reads.batchGet(parse.ids(request.ids), parse.view(request.view));
      return { taskResults: found.map(toTaskResult), notFoundIds: notFound, deferredIds: deferred };
    }),

    refreshTaskResult: handle(async (request) => {
      const [known] = parse.knownResults('task_results', [request]);
      const result = known ? await reads.refresh(known) : null;
      return {
        outcome: result ? { $case: 'update', value: toUpdate(result) } : { $case: 'unchanged', value: {} },
      };
    }),

    batchRefreshTaskResults: handle(async (request) => {
      const answer = await reads.batchRefresh(parse.knownResults('task_results', request.taskResults));
      return {
        updated: answer.updated.map((result) => ({ id: result.id, update: toUpdate(result) })),
        unchangedIds: answer.unchanged,
        notFoundIds: answer.notFound,
        deferredIds: answer.deferred,
      };
    }),

    listTaskResults: handle(async (request) => {
      const filter = parse.filter(request.filter);
      const after = fromPageToken(request.pageToken, filter);
      const page = await reads.list(filter, after, parse.pageSize(request.pageSize), parse.view(request.view));
      return { taskResults: page.results.map(toTaskResult), nextPageToken: toPageToken(page.next, filter) };
    }),

    waitTaskResult(_call: unknown, callback: sendUnaryData<never>) {
      callback({ code: status.UNIMPLEMENTED, details: 'WaitTaskResult is not available yet' });
    },
  };
}
