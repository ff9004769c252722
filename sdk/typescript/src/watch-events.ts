import { WatchTaskResultsResponse_End_Reason as EndReason } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { fieldsOf } from './answers';
import { sleep } from './cancellation';
import type { Connection, WatchEvent } from './connection';
import type { TaskResultsError } from './errors';
import { Pauses } from './pauses';
import { filterOf, type TaskResultFilter, viewOf } from './requests';
import { StreamRule } from './retry-rule';
import type { TaskResultFields, TaskResultVersion, TaskResultView } from './task-result-fields';
import { versionOf } from './version';
import { FilterProgress, IdsProgress } from './watch-progress';

/** What to watch: up to 1,000 results by id, or all that match a filter now or later. */
export type WatchTarget = { ids: readonly string[] } | { filter: TaskResultFilter };

export interface WatchEventsOptions {
  /** Ends the watch: it throws a CancelledError. */
  signal?: AbortSignal;
  /** Default FULL by ids, BASIC by filter. By filter, a result that is larger than 4 MiB comes in BASIC even so. */
  view?: TaskResultView;
  /**
   * Goes on after every id is finished, deleted or not found, also for those that are created later. A watch by filter
   * always does. Default false.
   */
  keepOpen?: boolean;
  /** Called each time that the watch is lost, before it is opened again. */
  onLost?: (why: string) => void;
}

/** Something that happened to what is watched. */
export type TaskResultEvent<Result = TaskResultFields> =
  /** A result as it is now. */
  | { readonly type: 'snapshot'; readonly result: Result }
  /** A watched result is gone, whose newest known version was this. */
  | ({ readonly type: 'deleted'; readonly id: string } & TaskResultVersion)
  /** A watched id belongs to no result. */
  | { readonly type: 'notFound'; readonly id: string }
  /** A result that was sent before no longer matches the filter, since this version. */
  | ({ readonly type: 'unmatched'; readonly id: string } & TaskResultVersion);

/**
 * The events of a watch that are news, until the watch is complete. A stream that ends before is opened again with what
 * is known, after growing pauses. Throws failures that opening again cannot help.
 */
export async function* watchEvents(
  connection: Connection,
  watched: WatchTarget,
  { signal, view, keepOpen = false, onLost }: WatchEventsOptions,
): AsyncGenerator<TaskResultEvent, void, undefined> {
  const progress =
    'ids' in watched ? new IdsProgress(watched.ids, keepOpen) : new FilterProgress(filterOf(watched.filter));
  const pauses = new Pauses();
  const rule = new StreamRule();
  let mayTryAgain = connection.retry;
  const onOpen = () => {
    mayTryAgain = true;
  };
  let isLost = false;
  while (!progress.isComplete()) {
    let why = 'the stream ended';
    let failure: TaskResultsError | null = null;
    const request = { target: progress.target(), view: viewOf(view), keepOpen };
    const openTimeoutMs = mayTryAgain ? undefined : connection.timeoutMs;
    try {
      for await (const event of connection.watch(request, { signal, onOpen, openTimeoutMs })) {
        isLost = false;
        if (event.$case === 'end') {
          if (event.value.reason === EndReason.REASON_ALL_FINISHED) return;
          why = EndReason[event.value.reason] ?? why;
          continue;
        }
        pauses.reset();
        rule.reset();
        if (progress.learn(event)) yield publicEvent(event);
      }
    } catch (error) {
      failure = error as TaskResultsError;
      if (!mayTryAgain || !rule.isWorthReopening(failure)) throw error;
      why = failure.message;
    }
    if (progress.isComplete()) return;
    if (!isLost) onLost?.(why);
    isLost = true;
    await sleep(pauses.next(failure), connection.closing, signal);
  }
}

/** For news only: a snapshot, or what became of an id. */
function publicEvent(event: WatchEvent): TaskResultEvent {
  switch (event.$case) {
    case 'snapshot':
      return { type: 'snapshot', result: fieldsOf(event.value) };
    case 'unmatched':
    case 'deleted':
      return { type: event.$case, id: event.value.id, ...versionOf(event.value.version) };
    case 'notFound':
      return { type: 'notFound', id: event.value.id };
    default:
      throw new TypeError(`no news: ${event.$case}`);
  }
}
