import {
  BatchGetTaskResultsResponse,
  BatchRefreshTaskResultsResponse,
  GetTaskResultResponse,
  ListTaskResultsResponse,
  type TaskResultServiceServer,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { CLIENTS_MESSAGE_SIZE, MAX_NAME_LENGTH } from '../../domain/limits';
import { isFinished, type TaskResult, type View } from '../../domain/task-result';
import type { Reads } from '../../service/reading/reads';
import type { Watches } from '../../service/watching/watches';
import type { Handlers } from '../add-service';
import { memoryOf } from '../admission/counted-stream';
import { withRoom } from '../admission/unread';
import { toChanged, toTaskResult } from '../answers/messages';
import { encodeWhatFits } from '../answers/what-fits';
import { encodeOnce } from '../codec/encode-once';
import { resultId, text } from '../requests/fields';
import { fromPageToken, toPageToken } from '../requests/page-token';
import * as parse from '../requests/read-requests';

/** A call that waits is answered that long before its deadline. */
const ANSWER_MARGIN_MS = 200;
/** How long the read at the end of a wait may take. */
const LAST_READ_MS = 900;

/** TaskResultService over `reads` and `watches`, but for its stream. */
export function readHandlers(
  reads: Reads,
  watches: Watches,
): Omit<Handlers<TaskResultServiceServer>, 'watchTaskResults'> {
  const got = (result: TaskResult, view: View) => ({ taskResult: toTaskResult(result, view) });
  // A whole result that is finished is remembered: the next time it is the same object.
  const remembered = encodeOnce(GetTaskResultResponse, (result: TaskResult) => got(result, 'FULL'));

  return {
    getTaskResult: async (request) => {
      const id = resultId('id', request.id);
      const expected = text('expected_task_path', request.expectedTaskPath, 0, MAX_NAME_LENGTH) || null;
      const view = parse.view(request.view, 'FULL');
      const result = await reads.get(id, expected, view);
      return view === 'FULL' && isFinished(result.status) ? remembered(result) : got(result, view);
    },

    batchGetTaskResults: async (request, caller, call) => {
      const view = parse.view(request.view, 'FULL');
      const ids = parse.ids(request.ids);
      const { found, notFound, deferred } = await withRoom(memoryOf(call), caller, () =>
        reads.batchGet(ids, view, caller),
      );
      return () => {
        const taskResults = found.map((result) => toTaskResult(result, view));
        return encodeWhatFits(BatchGetTaskResultsResponse, found.length, (count) => ({
          taskResults: taskResults.slice(0, count),
          notFoundIds: notFound,
          deferredIds: [...idsOf(found.slice(count)), ...deferred],
        }));
      };
    },

    refreshTaskResult: async (request) => {
      const known = parse.knownResult(request);
      const view = parse.view(request.view, 'FULL');
      const result = await reads.refresh(known, view);
      if (!result) return { outcome: { $case: 'unchanged', value: {} } };
      return result.incarnation === known.version.incarnation
        ? { outcome: { $case: 'changed', value: toChanged(result, view) } }
        : { outcome: { $case: 'replaced', value: toTaskResult(result, view) } };
    },

    batchRefreshTaskResults: async (request, caller, call) => {
      const known = parse.knownResults('task_results', request.taskResults);
      const view = parse.view(request.view, 'FULL');
      const refreshed = await withRoom(memoryOf(call), caller, () => reads.batchRefresh(known, view, caller));
      return () => {
        const changed = refreshed.changed.map((result) => toChanged(result, view));
        const replaced = refreshed.replaced.map((result) => toTaskResult(result, view));
        // The last ones are left out first: of those created anew, then of the others.
        return encodeWhatFits(BatchRefreshTaskResultsResponse, changed.length + replaced.length, (count) => ({
          changed: changed.slice(0, count),
          replaced: replaced.slice(0, Math.max(0, count - changed.length)),
          unchangedIds: refreshed.unchanged,
          notFoundIds: refreshed.notFound,
          deferredIds: [...idsOf([...changed, ...replaced].slice(count)), ...refreshed.deferred],
        }));
      };
    },

    listTaskResults: async (request, caller, call) => {
      const filter = parse.filter(request.filter);
      const after = fromPageToken(request.pageToken, filter);
      const view = parse.view(request.view, 'BASIC');
      const pageSize = parse.pageSize(request.pageSize);
      const { results, next } = await withRoom(memoryOf(call), caller, () =>
        reads.list(filter, after, pageSize, view, caller),
      );
      const encodePage = (most: number, shown: View) =>
        encodeWhatFits(ListTaskResultsResponse, most, (count) => ({
          taskResults: results.slice(0, count).map((result) => toTaskResult(result, shown)),
          nextPageToken: toPageToken(count < results.length ? (results[count - 1] ?? next) : next, filter),
        }));
      return () => {
        const page = encodePage(results.length, view);
        return page.length > CLIENTS_MESSAGE_SIZE ? encodePage(1, 'BASIC') : page;
      };
    },

    waitTaskResult: async (request, caller, call) => {
      const known = parse.knownResult(request);
      const timeoutMs = parse.waitTimeout(request.timeout);
      caller.maxMs = timeoutMs + LAST_READ_MS;
      const mostMs = Math.min(timeoutMs, Math.max(0, caller.timeLeftMs - ANSWER_MARGIN_MS));
      const until = parse.until(request.until);
      const view = parse.view(request.view, 'FULL');
      const gone = new AbortController();
      call.once('cancelled', () => gone.abort());
      const { result, timedOut } = await watches.waitFor(known, until, view, mostMs, caller, gone.signal);
      return { taskResult: toTaskResult(result, view), timedOut };
    },
  };
}

function idsOf(results: readonly { id: string }[]): string[] {
  return results.map(({ id }) => id);
}
