import { Metadata } from '@grpc/grpc-js';
import {
  WatchTaskResultsResponse_End_Reason as Reason,
  type WatchTaskResultsRequest,
  WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { CLIENTS_MESSAGE_SIZE } from '../../domain/limits';
import type { TaskResult, View } from '../../domain/task-result';
import type { EndReason, WatchEvent, WatchTimes } from '../../service/watching/watch';
import type { Watches } from '../../service/watching/watches';
import { memoryOf } from '../admission/counted-stream';
import { toTaskResult, toVersion } from '../answers/messages';
import { GrpcCaller } from '../caller';
import { encodeInPlace } from '../codec/encode-in-place';
import { encodeOnce } from '../codec/encode-once';
import { heartbeatInterval, view, watchTarget } from '../requests/read-requests';
import type { ServerStreamHandler } from '../stream';

/** What may lie in a stream's buffers before it is fed no more. grpc-js itself counts messages, whatever their size. */
const MAX_BUFFERED_BYTES = 256 * 1024;

const REASONS: Record<EndReason, Reason> = {
  ALL_FINISHED: Reason.REASON_ALL_FINISHED,
  MAX_AGE: Reason.REASON_MAX_AGE,
  SHUTTING_DOWN: Reason.REASON_SHUTTING_DOWN,
};

/** WatchTaskResults over `watches`. Each ends within `bounds`. */
export function watchHandler(
  watches: Watches,
  bounds: Omit<WatchTimes, 'heartbeatMs'>,
): ServerStreamHandler<WatchTaskResultsRequest, WatchTaskResultsResponse> {
  return (request, call) =>
    new Promise((resolve, reject) => {
      const target = watchTarget(request.target);
      const wanted = view(request.view, target.kind === 'ids' ? 'FULL' : 'BASIC');
      const snapshot = target.kind === 'ids' ? SNAPSHOTS[wanted] : fitting(SNAPSHOTS[wanted]);
      const memory = memoryOf(call);
      let buffered = 0;
      const send = (event: WatchEvent): boolean => {
        const bytes = event.kind === 'snapshot' ? snapshot(event.result) : toBytes(event);
        buffered += bytes.length;
        call.write(bytes, () => {
          const wasFull = buffered >= MAX_BUFFERED_BYTES;
          buffered -= bytes.length;
          if (wasFull && buffered < MAX_BUFFERED_BYTES) watch.resume();
        });
        return buffered < MAX_BUFFERED_BYTES;
      };
      const over = (error: unknown) => (error === null ? resolve() : reject(error));
      const times = { ...bounds, heartbeatMs: heartbeatInterval(request.heartbeatInterval) };
      const sink = { caller: new GrpcCaller(call), hasRoom: () => !memory.isSpent, send, over };
      const watch =
        target.kind === 'ids'
          ? watches.byIds({ known: target.known, view: wanted, keepOpen: request.keepOpen }, times, sink)
          : watches.byFilter({ filter: target.filter, view: wanted }, times, sink);
      // Headers go out now, so that a caller knows that it is being served before anything has changed.
      call.sendMetadata(new Metadata());
      watch.open();
      const close = () => {
        watch.close();
        resolve();
      };
      call.once('cancelled', close);
      call.once('close', close);
    });
}

/** A result that goes to many watchers is the same object for all of them: it is encoded once. */
const snapshotsIn = (shown: View) =>
  encodeOnce<TaskResult, WatchTaskResultsResponse>(WatchTaskResultsResponse, (result) => ({
    event: { $case: 'snapshot', value: toTaskResult(result, shown) },
  }));

const SNAPSHOTS = { FULL: snapshotsIn('FULL'), BASIC: snapshotsIn('BASIC') };

/** A result that a client might not be able to take would keep it from all that come after. */
function fitting(snapshot: (result: TaskResult) => Buffer): (result: TaskResult) => Buffer {
  return (result) => {
    const bytes = snapshot(result);
    return bytes.length > CLIENTS_MESSAGE_SIZE ? SNAPSHOTS.BASIC(result) : bytes;
  };
}

function toBytes(event: Exclude<WatchEvent, { kind: 'snapshot' }>): Buffer {
  // It may wait to be sent, so it needs bytes of its own.
  return Buffer.from(encodeInPlace<WatchTaskResultsResponse>(WatchTaskResultsResponse, { event: toEvent(event) }));
}

function toEvent(event: Exclude<WatchEvent, { kind: 'snapshot' }>): WatchTaskResultsResponse['event'] {
  switch (event.kind) {
    case 'deleted':
      return { $case: 'deleted', value: { id: event.id, version: toVersion(event.version) } };
    case 'notFound':
      return { $case: 'notFound', value: { id: event.id } };
    case 'unmatched':
      return { $case: 'unmatched', value: { id: event.id, version: toVersion(event.version) } };
    case 'heartbeat':
      return { $case: 'heartbeat', value: {} };
    case 'end':
      return { $case: 'end', value: { reason: REASONS[event.reason] } };
  }
}
