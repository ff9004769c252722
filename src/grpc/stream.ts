import type { Readable } from 'node:stream';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { memoryOf } from './admission/counted-stream';
import { wellFormed } from './codec/decode';
import type { Answer } from './codec/encode';
import type { Interceptor } from './interceptors/interceptor';

/**
 * Serves a stream of answers to one request. The stream ends when the promise settles: with OK, or with what it rejects
 * with. It settles, too, when the caller has gone.
 */
export type ServerStreamHandler<Request, Message> = (
  request: Request,
  call: ServerWritableStream<Request, Answer<Message>>,
) => Promise<void>;

/** The same for a stream in both directions. The handler looks itself whether what arrives is `wellFormed`. */
export type BidiStreamHandler<Request, Message> = (call: ServerDuplexStream<Request, Answer<Message>>) => Promise<void>;

/** The handler as grpc-js wants it. */
export function serverStream<Request, Message>(handler: ServerStreamHandler<Request, Message>, intercept: Interceptor) {
  return (call: ServerWritableStream<Request, Answer<Message>>): void => {
    memoryOf(call).requestRead();
    endWith(
      call,
      intercept(call, () => handler(wellFormed(call.request), call)),
    );
  };
}

/** The handler as grpc-js wants it. */
export function bidiStream<Request, Message>(handler: BidiStreamHandler<Request, Message>, intercept: Interceptor) {
  return (call: ServerDuplexStream<Request, Answer<Message>>): void => {
    readAheadOne(call);
    endWith(
      call,
      intercept(call, () => handler(call)),
    );
  };
}

/** Node.js would read sixteen messages ahead, of whatever size, and takes no other number once a stream is made. */
function readAheadOne(call: Readable): void {
  const { _readableState: state } = call as unknown as { _readableState: { highWaterMark: number } };
  state.highWaterMark = 1;
}

/** Only an event `error` reaches the caller: `destroy` would send no status. */
function endWith(call: { end(): void; emit(event: 'error', error: unknown): void }, served: Promise<void>): void {
  served.then(
    () => call.end(),
    (error) => call.emit('error', error),
  );
}
