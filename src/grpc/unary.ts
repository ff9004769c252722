import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { abandoned } from '../domain/errors';
import { within } from '../service/time-bound';
import { memoryOf } from './admission/counted-stream';
import { GrpcCaller } from './caller';
import { wellFormed } from './codec/decode';
import type { Answer } from './codec/encode';
import type { Interceptor } from './interceptors/interceptor';

/**
 * Answers a unary call. What it rejects with, or throws, is what the call ends with. One that may take longer than
 * others sets `caller.maxMs` before it awaits anything.
 */
export type UnaryHandler<Request, Message> = (
  request: Request,
  caller: GrpcCaller,
  call: ServerUnaryCall<Request, Answer<Message>>,
) => Promise<Answer<Message>>;

/**
 * The handler as grpc-js wants it, which would hold a rejected promise for a crash of the process. The call ends with
 * STORE_UNAVAILABLE after `maxMs`. An answer that comes later, or when the caller has gone, is dropped: nobody encodes
 * it.
 */
export function unary<Request, Message>(
  handler: UnaryHandler<Request, Message>,
  intercept: Interceptor,
  maxMs: number,
): handleUnaryCall<Request, Answer<Message>> {
  return (call, callback) => {
    memoryOf(call).requestRead();
    const caller = new GrpcCaller(call, maxMs);
    const handle = async () => {
      if (caller.isGone) throw abandoned(); // before it was seen
      const answering = handler(wellFormed(call.request), caller, call);
      const answer = await within(caller.maxMs, answering);
      if (caller.isGone) throw abandoned();
      return answer;
    };
    intercept(call, handle).then(
      (answer) => callback(null, answer),
      (error) => callback(error),
    );
  };
}
