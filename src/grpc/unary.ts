import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import { GrpcCaller } from './caller';
import { wellFormed } from './codec/decode';
import type { Answer } from './codec/encode';
import type { Interceptor } from './interceptors/interceptor';

/** Answers a unary call. What it rejects with, or throws, is what the call ends with. */
export type UnaryHandler<Request, Message> = (
  request: Request,
  caller: GrpcCaller,
  call: ServerUnaryCall<Request, Answer<Message>>,
) => Promise<Answer<Message>>;

/** The handler as grpc-js wants it, which would hold a rejected promise for a crash of the process. */
export function unary<Request, Message>(
  handler: UnaryHandler<Request, Message>,
  intercept: Interceptor,
): handleUnaryCall<Request, Answer<Message>> {
  return (call, callback) => {
    intercept(call, () => handler(wellFormed(call.request), new GrpcCaller(call), call)).then(
      (answer) => callback(null, answer),
      (error) => callback(error),
    );
  };
}
