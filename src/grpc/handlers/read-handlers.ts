import {
  BatchGetTaskResultsResponse,
  BatchRefreshTaskResultsResponse,
  GetTaskResultResponse,
  ListTaskResultsResponse,
  type TaskResultServiceServer,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { MAX_NAME_LENGTH } from '../../domain/limits';
import { isFinished, type TaskResult } from '../../domain/task-result';
import type { Reads } from '../../service/reading/reads';
import type { Watches } from '../../service/watching/watches';
import type { Handlers } from '../add-service';
import { toChanged, toTaskResult } from '../answers/messages';
import { encodeWhatFits } from '../answers/what-fits';
import { encodeOnce } from '../codec/encode-once';
import { resultId, text } from '../requests/fields';
import { fromPageToken, toPageToken } from '../requests/page-token';
import * as parse from '../requests/read-requests';

/** A call that waits is answered that long before its deadline. */
const ANSWER_MARGIN_MS = 200;

/** TaskResultService over `reads` and `watches`, but for its stream. */
export function readHandlers(
  reads: Reads,
  watches: Watches,
): Omit<Handlers<TaskResultServiceServer>, 'watchTaskResults'> {
  const got = (result: TaskResult) => ({ taskResult: toTaskResult(result) });
  // A whole result that is finished is remembered: the next time it is the same object.
  const remembered = encodeOnce(GetTaskResultResponse, got);

  return {
    getTaskResult: async (request) => {
      const id = resultId('id', request.id);
      const expected = text('expected_task_path', request.expectedTaskPath, 0, MAX_NAME_LENGTH) || null;
      const view = parse.view(request.view);
      const result = await reads.get(id, expected, view);
      return view === 'FULL' && isFinished(result.status) ? remembered(result) : got(result);
    },

    batchGetTaskResults: async (request) => {
      const { found, notFound, deferred } = await reads.batchGet(parse.ids(request.ids), parse.view(request.view));
      const taskResults = found.map(toTaskResult);
      return () =>
        encodeWhatFits(BatchGetTaskResultsResponse, found.length, (count) => ({
          taskResults: taskResults.slice(0, count),
          notFoundIds: notFound,
          deferredIds: [...idsOf(found.slice(count)), ...deferred],
        }));
    },

    refreshTaskResult: async (request) => {
      const known = parse.knownResult(request);
      const result = await reads.refresh(known, parse.view(request.view));
      if (!result) return { outcome: { $case: 'unchanged', value: {} } };
      return result.incarnation === known.version.incarnation
        ? { outcome: { $case: 'changed', value: toChanged(result) } }
        : { outcome: { $case: 'replaced', value: toTaskResult(result) } };
    },

    batchRefreshTaskResults: async (request) => {
      const known = parse.knownResults('task_results', request.taskResults);
      const refreshed = await reads.batchRefresh(known, parse.view(request.view));
      const changed = refreshed.changed.map(toChanged);
      const replaced = refreshed.replaced.map(toTaskResult);
      // The last ones are left out first: of those created anew, then of the others.
      return () =>
        encodeWhatFits(BatchRefreshTaskResultsResponse, changed.length + replaced.length, (count) => ({
          changed: changed.slice(0, count),
          replaced: replaced.slice(0, Math.max(0, count - changed.length)),
          unchangedIds: refreshed.unchanged,
          notFoundIds: refreshed.notFound,
          deferredIds: [...idsOf([...changed, ...replaced].slice(count)), ...refreshed.deferred],
        }));
    },

    listTaskResults: async (request) => {
      const filter = parse.filter(request.filter);
      const after = fromPageToken(request.pageToken, filter);
      const { results, next } = await reads.list(
        filter,
        after,
        parse.pageSize(request.pageSize),
        parse.view(request.view),
      );
      const taskResults = results.map(toTaskResult);
      return () =>
        encodeWhatFits(ListTaskResultsResponse, results.length, (count) => ({
          taskResults: taskResults.slice(0, count),
          nextPageToken: toPageToken(count < results.length ? (results[count - 1] ?? next) : next, filter),
        }));
    },

    waitTaskResult: async (request, caller, call) => {
      const known = parse.knownResult(request);
      const most = Math.min(parse.waitTimeout(request.timeout), Math.max(0, caller.timeLeftMs - ANSWER_MARGIN_MS));
      const gone = new AbortController();
      call.once('cancelled', () => gone.abort());
      const until = parse.until(request.until);
      const { result, timedOut } = await watches.waitFor(known, until, parse.view(request.view), most, gone.signal);
      return { taskResult: toTaskResult(result), timedOut };
    },
  };
}

function idsOf(results: readonly { id: string }[]): string[] {
  return results.map(({ id }) => id);
}
