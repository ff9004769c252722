import { setTimeout as delay } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import type { TaskResultView } from '../gen/taskresults/v1/task_result';
import {
  WatchTaskResultsResponse_End_Reason as EndReason,
  WatchTaskResultsRequest,
} from '../gen/taskresults/v1/task_result_service';
import type { Client } from './client';
import { isServiceError } from './rpc-failure';
import type { WatchEvent, WatchProgress } from './watch-progress';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** A link or a server that went away. Anything else, such as bad credentials, would only happen again. */
const WORTH_REOPENING: readonly status[] = [status.UNAVAILABLE, status.INTERNAL, status.CANCELLED, status.UNKNOWN];

export interface FollowOptions {
  view: TaskResultView;
  keepOpen: boolean;
  /** Told once for each time that the watch is lost, before it is opened again. */
  onLost: (why: string) => void;
}

/**
 * The news of a watch, until it is complete. Streams that end any other way are opened again with what is known, with a
 * growing pause. Throws when the very first stream cannot be opened, or the server refuses the watch.
 */
export async function* follow(
  client: Client,
  progress: WatchProgress,
  options: FollowOptions,
): AsyncGenerator<WatchEvent> {
  let everOpened = false;
  let pause = FIRST_PAUSE_MS;
  while (!progress.isComplete()) {
    let why = 'the stream ended';
    const { view, keepOpen } = options;
    const request = WatchTaskResultsRequest.create({ target: progress.target(), view, keepOpen });
    // No deadline: a watch may last for ever, and keepalive notices a dead link.
    const stream = client.results.watchTaskResults(request, client.metadata());
    stream.once('metadata', () => {
      everOpened = true;
    });
    try {
      for await (const { event } of stream as AsyncIterable<{ event?: WatchEvent }>) {
        pause = FIRST_PAUSE_MS;
        if (event?.$case === 'end') {
          if (event.value.reason === EndReason.REASON_ALL_FINISHED) return;
          why = EndReason[event.value.reason] ?? why;
        } else if (event && progress.learn(event)) {
          yield event;
        }
      }
    } catch (error) {
      if (!everOpened || !isServiceError(error) || !WORTH_REOPENING.includes(error.code)) throw error;
      why = error.details;
    } finally {
      stream.cancel();
    }
    if (progress.isComplete()) return;
    if (pause === FIRST_PAUSE_MS) options.onLost(why);
    // Many watchers of one server that went away do not come back all at once.
    await delay(pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}
