import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import { TaskResultsError } from '../domain/errors';
import type { TaskResult } from '../domain/task-result';
import {
  WatchTaskResultsResponse_End_Reason as Reason,
  type WatchTaskResultsRequest,
  WatchTaskResultsResponse,
} from '../gen/taskresults/v1/task_result_service';
import type { EndReason, WatchEvent } from '../service/watch';
import { toTaskResult } from './convert';
import { type Authorize, type OnInternalError, refuseMalformed } from './handlers';
import { toServiceError } from './status';

/** What may lie in a stream's buffers before it is fed no more. grpc-js itself counts messages, whatever their size. */
const MOST_BUFFERED_BYTES = 256 * 1024;

const REASONS: Record<EndReason, Reason> = {
  ALL_FINISHED: Reason.REASON_ALL_FINISHED,
  MAX_AGE: Reason.REASON_MAX_AGE,
  SHUTTING_DOWN: Reason.REASON_SHUTTING_DOWN,
};

type WatchCall = ServerWritableStream<WatchTaskResultsRequest, WatchTaskResultsResponse>;

/** Opens the watch that a request asks for; throws for a bad request. */
export type OpenWatch = (request: WatchTaskResultsRequest, signal: AbortSignal) => AsyncIterable<WatchEvent>;

/** A watch as a server stream. */
export function watchHandler(open: OpenWatch, authorize: Authorize, onInternalError: OnInternalError) {
  return (call: WatchCall): void => {
    feed(call, open, authorize).then(
      () => call.end(),
      (error: unknown) => {
        if (!(error instanceof TaskResultsError)) onInternalError(error);
        if (call.cancelled) call.end();
        else call.emit('error', toServiceError(error));
      },
    );
  };
}

async function feed(call: WatchCall, open: OpenWatch, authorize: Authorize): Promise<void> {
  authorize(call);
  refuseMalformed(call.request);
  const gone = new AbortController();
  // `drain` never comes after a cancel: both must end the wait for room.
  call.once('cancelled', () => gone.abort());
  call.once('close', () => gone.abort());

  let buffered = 0;
  let onRoom = () => {};
  gone.signal.addEventListener('abort', () => onRoom());

  // Headers go out now, so that a caller knows that it is being served before anything has changed.
  call.sendMetadata(new Metadata());
  for await (const event of open(call.request, gone.signal)) {
    if (gone.signal.aborted) return;
    const bytes = encode(event);
    buffered += bytes.length;
    call.write(bytes as never, () => {
      buffered -= bytes.length;
      if (buffered < MOST_BUFFERED_BYTES) onRoom();
    });
    while (buffered >= MOST_BUFFERED_BYTES && !gone.signal.aborted) {
      await new Promise<void>((resolve) => {
        onRoom = resolve;
      });
    }
  }
}

/** A result that goes to many watchers is the same object for all of them: it is serialised once. */
const encodedSnapshots = new WeakMap<TaskResult, Buffer>();

function encode(event: WatchEvent): Buffer {
  if (event.kind !== 'snapshot') return serialise(toEvent(event));
  let bytes = encodedSnapshots.get(event.result);
  if (!bytes) {
    bytes = serialise({ $case: 'snapshot', value: toTaskResult(event.result) });
    encodedSnapshots.set(event.result, bytes);
  }
  return bytes;
}

function serialise(event: WatchTaskResultsResponse['event']): Buffer {
  return Buffer.from(WatchTaskResultsResponse.encode({ event }).finish());
}

function toEvent(event: Exclude<WatchEvent, { kind: 'snapshot' }>): WatchTaskResultsResponse['event'] {
  switch (event.kind) {
    case 'deleted':
      return { $case: 'deleted', value: { id: event.id } };
    case 'notFound':
      return { $case: 'notFound', value: { id: event.id } };
    case 'unmatched':
      return { $case: 'unmatched', value: { id: event.id, revision: BigInt(event.revision) } };
    case 'heartbeat':
      return { $case: 'heartbeat', value: {} };
    case 'end':
      return { $case: 'end', value: { reason: REASONS[event.reason] } };
  }
}
