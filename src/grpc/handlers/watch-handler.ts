import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import {
  WatchTaskResultsResponse_End_Reason as Reason,
  type WatchTaskResultsRequest,
  WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { TaskResultsError } from '../../domain/errors';
import type { TaskResult } from '../../domain/task-result';
import type { EndReason, Sink, Watch, WatchEvent } from '../../service/watching/watch';
import { toTaskResult, toVersion } from '../codec/decode';
import { encode, encodedOnce } from '../codec/encode';
import { type Answer, type Authorize, type OnInternalError, refuseMalformed } from '../handlers';
import { toServiceError } from '../status';

/** What may lie in a stream's buffers before it is fed no more. grpc-js itself counts messages, whatever their size. */
const MOST_BUFFERED_BYTES = 256 * 1024;

const REASONS: Record<EndReason, Reason> = {
  ALL_FINISHED: Reason.REASON_ALL_FINISHED,
  MAX_AGE: Reason.REASON_MAX_AGE,
  SHUTTING_DOWN: Reason.REASON_SHUTTING_DOWN,
};

type WatchCall = ServerWritableStream<WatchTaskResultsRequest, Answer<WatchTaskResultsResponse>>;

/** Makes the watch that a request asks for; throws for a bad request. */
export type MakeWatch = (request: WatchTaskResultsRequest, sink: Sink) => Watch;

/** A watch as a server stream. */
export function watchHandler(makeWatch: MakeWatch, authorize: Authorize, onInternalError: OnInternalError) {
  return (call: WatchCall): void => {
    const over = (error: unknown): void => {
      if (error === null) {
        call.end();
        return;
      }
      if (!(error instanceof TaskResultsError)) onInternalError(error);
      call.emit('error', toServiceError(error));
    };
    let buffered = 0;
    const send = (event: WatchEvent): boolean => {
      const bytes = toBytes(event);
      buffered += bytes.length;
      call.write(bytes, () => {
        const wasFull = buffered >= MOST_BUFFERED_BYTES;
        buffered -= bytes.length;
        if (wasFull && buffered < MOST_BUFFERED_BYTES) watch.resume();
      });
      return buffered < MOST_BUFFERED_BYTES;
    };
    let watch: Watch;
    try {
      authorize(call);
      refuseMalformed(call.request);
      watch = makeWatch(call.request, { send, over });
      // Headers go out now, so that a caller knows that it is being served before anything has changed.
      call.sendMetadata(new Metadata());
      watch.open();
    } catch (error) {
      over(error);
      return;
    }
    call.once('cancelled', () => watch.close());
    call.once('close', () => watch.close());
  };
}

/** A result that goes to many watchers is the same object for all of them: it is encoded once. */
const snapshot = encodedOnce<TaskResult, WatchTaskResultsResponse>(WatchTaskResultsResponse, (result) => ({
  event: { $case: 'snapshot', value: toTaskResult(result) },
}));

function toBytes(event: WatchEvent): Buffer {
  if (event.kind === 'snapshot') return snapshot(event.result);
  return Buffer.from(encode(WatchTaskResultsResponse, { event: toEvent(event) })); // it may wait to be sent
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
