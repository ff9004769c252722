import type { ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';
import type { CallMemory } from './call-memory';
import { cutOff } from './refusal';

/** What a call may send to a method that anybody may call. */
const MAX_OPEN_REQUEST_BYTES = 16 * 1024;

/** A write of no more than that is part of what every call is counted for. */
const SMALL_BYTES = 2 * 1024;

export interface Method {
  /** `nothing`: anybody may call it. */
  readonly wanted: 'read' | 'write' | 'nothing';
  /** Many requests travel in one call. */
  readonly requestStream: boolean;
}

/** A call that has been admitted. */
export interface CountedCall {
  readonly stream: ServerHttp2Stream;
  readonly method: Method;
  readonly memory: CallMemory;
  /** Its request had not come whole at the last look. */
  wasLookedAt: boolean;
  received: number;
}

/** Where a stream has its call. Functions that all streams share find it there: each call has no closures of its own. */
const CALL = Symbol('call');

type CountedStream = ServerHttp2Stream & { [CALL]: CountedCall };

/** The one way in which grpc-js writes to a stream. */
type Write = (this: ServerHttp2Stream, bytes: Buffer, written: (error?: Error | null) => void) => boolean;

const plainWrite = Duplex.prototype.write as Write;

/** What a call of grpc-js holds, which has its stream in a private field. */
export function memoryOf(call: object): CallMemory {
  return (call as { call: { stream: CountedStream } }).call.stream[CALL].memory;
}

/** Makes the call known to those who ask for it, and to `count`. To be called before grpc-js gets the stream. */
export function register(call: CountedCall): void {
  (call.stream as CountedStream)[CALL] = call;
}

/**
 * From now on what comes of the call counts, and what waits to be sent. Too much of it is cut off. To be called when
 * grpc-js listens already, and has paused the stream.
 */
export function count({ stream }: CountedCall): void {
  stream.on('data', countReceived);
  stream.write = countedWrite as typeof stream.write;
}

function countReceived(this: CountedStream, bytes: Buffer): void {
  const call = this[CALL];
  call.received += bytes.length;
  call.memory.hold(bytes.length);
  const isTooLarge = call.method.wanted === 'nothing' && call.received > MAX_OPEN_REQUEST_BYTES;
  if (call.memory.isSpent || isTooLarge) cutOff(this);
}

function countedWrite(this: CountedStream, bytes: Buffer, written: (error?: Error | null) => void): boolean {
  if (bytes.length <= SMALL_BYTES) return plainWrite.call(this, bytes, written);
  const { memory } = this[CALL];
  memory.hold(bytes.length);
  return plainWrite.call(this, bytes, (error) => {
    memory.release(bytes.length);
    written(error);
  });
}
