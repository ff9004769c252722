import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  Server,
  ServiceDefinition,
} from '@grpc/grpc-js';
import { withStrictCodec } from './codec/strict-codec';
import { type Interceptor, inOrder } from './interceptors/interceptor';
import { type BidiStreamHandler, bidiStream, type ServerStreamHandler, serverStream } from './stream';
import { type UnaryHandler, unary } from './unary';

/**
 * A handler for each method of a service, from the interface that ts-proto generates for it. The interface has an index
 * signature besides the methods, which is left out here: it would let any name pass, and `Omit` would keep nothing
 * else.
 */
export type Handlers<Service> = {
  [Name in keyof Service as string extends Name ? never : Name]: Handler<Service[Name]>;
};

type Handler<Method> =
  Method extends handleUnaryCall<infer Request, infer Message>
    ? UnaryHandler<Request, Message>
    : Method extends handleServerStreamingCall<infer Request, infer Message>
      ? ServerStreamHandler<Request, Message>
      : Method extends handleBidiStreamingCall<infer Request, infer Message>
        ? BidiStreamHandler<Request, Message>
        : never;

/**
 * Adds a service whose calls pass `interceptors`, the first one first. `messages` is what was generated beside
 * `definition`. A unary call may take `maxMs` milliseconds; `aroundUnary` sees it as grpc-js does, and may look at an
 * answer when it is sent.
 *
 * They are not the interceptors of grpc-js. Those see the status that a call ends with, and no longer what was thrown,
 * so they can neither log an error nor make a status of it. What either kind costs a call could not be told from the
 * noise.
 */
export function addService<Service>(
  server: Server,
  definition: ServiceDefinition<Service>,
  messages: object,
  handlers: Handlers<Service>,
  interceptors: readonly Interceptor[],
  maxMs: number,
  aroundUnary: <Request, Answer>(serve: handleUnaryCall<Request, Answer>) => handleUnaryCall<Request, Answer> = (
    serve,
  ) => serve,
): void {
  const intercept = inOrder(interceptors);
  const methods = Object.entries<MethodDefinition<unknown, unknown>>(definition);
  const implementation = methods.map(([name, { requestStream, responseStream }]) => {
    const handler = handlers[name as keyof typeof handlers] as never; // of the kind that the definition says
    if (!responseStream) return [name, aroundUnary(unary(handler, intercept, maxMs))];
    return [name, requestStream ? bidiStream(handler, intercept) : serverStream(handler, intercept)];
  });
  server.addService(withStrictCodec(definition, messages), Object.fromEntries(implementation));
}
