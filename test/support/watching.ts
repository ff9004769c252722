import type { ClientReadableStream } from '@grpc/grpc-js';
import {
  type TaskResultServiceClient,
  WatchTaskResultsRequest,
  type WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';

export type Event = NonNullable<WatchTaskResultsResponse['event']>;

/** An open watch, and what came of it so far. */
export interface OpenWatch {
  readonly stream: ClientReadableStream<WatchTaskResultsResponse>;
  /** All events but heartbeats, which on a busy machine come between any two others. */
  readonly events: Event[];
  readonly heartbeats: () => number;
  /** The gRPC code that the stream ended with. */
  readonly ended: Promise<number>;
}

export function openWatch(
  client: TaskResultServiceClient,
  request: Parameters<typeof WatchTaskResultsRequest.fromPartial>[0],
): OpenWatch {
  const stream = client.watchTaskResults(WatchTaskResultsRequest.fromPartial(request));
  const events: Event[] = [];
  let heartbeats = 0;
  stream.on('data', ({ event }: WatchTaskResultsResponse) => {
    if (event?.$case === 'heartbeat') heartbeats++;
    else if (event) events.push(event);
  });
  stream.on('error', () => {});
  const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
  return { stream, events, heartbeats: () => heartbeats, ended };
}

/** The target of a watch of these ids, none of them known. */
export function byIds(...ids: string[]) {
  return { $case: 'ids' as const, value: { taskResults: ids.map((id) => ({ id })) } };
}

/** An event in short: `snapshot a@2`, `deleted a`, `end`. */
export function brief(event: Event): string {
  switch (event.$case) {
    case 'snapshot':
      return `snapshot ${event.value.id}@${event.value.revision}`;
    case 'deleted':
    case 'notFound':
      return `${event.$case} ${event.value.id}`;
    case 'unmatched':
      return `unmatched ${event.value.id}@${event.value.version?.revision}`;
    default:
      return event.$case;
  }
}
