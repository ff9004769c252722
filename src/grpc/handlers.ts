import { BinaryReader } from '@bufbuild/protobuf/wire';
import type {
  handleBidiStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServerUnaryCall,
  ServiceDefinition,
  sendUnaryData,
} from '@grpc/grpc-js';
import { TaskResultsError } from '../domain/errors';
import { type Encodable, encode } from './codec/encode';
import { toServiceError } from './status';

/** What arrived could not be read as the message that was expected. */
class Malformed {}

/** Logs what the caller must not see. */
export type OnInternalError = (error: unknown) => void;

/** Checks that the caller may use the service; throws UNAUTHENTICATED or PERMISSION_DENIED. */
export type Authorize = (call: { metadata: ServerUnaryCall<unknown, unknown>['metadata'] }) => void;

/**
 * What a handler may answer with: a message, its bytes, or a function that makes the bytes once they are to be sent.
 */
export type Answer<Message> = Message | Buffer | (() => Buffer);

/**
 * The definition of a service with three changes: bytes that are no such message reach the handler as Malformed, which
 * it answers with INVALID_ARGUMENT where grpc-js would say INTERNAL; answers that are bytes already are sent as they
 * are; and others are encoded by `encode`. `messages` has what was generated beside the definition: the answer of a
 * call is named after it, as buf's lint rule RPC_RESPONSE_STANDARD_NAME asks for.
 */
export function tolerant<T extends ServiceDefinition>(definition: T, messages: object): T {
  const methods = Object.entries(definition).map(([name, method]) => {
    const { path, requestDeserialize } = method as MethodDefinition<unknown, unknown>;
    const type = (messages as Record<string, Encodable>)[`${path.split('/').at(-1)}Response`];
    if (!type) throw new Error(`${path} has no answer of its name`);
    return [
      name,
      {
        ...method,
        requestDeserialize: (bytes: Buffer) => decode(requestDeserialize, bytes),
        responseSerialize: (answer: unknown) => asBytes(type, answer),
      },
    ];
  });
  return Object.fromEntries(methods) as T;
}

function asBytes(type: Encodable, answer: unknown): Buffer {
  if (Buffer.isBuffer(answer)) return answer;
  return typeof answer === 'function' ? answer() : encode(type, answer as never);
}

/** Refuses texts that are not UTF-8, as proto3 asks for; the default would make one and the same of many of them. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}

function decode(requestDeserialize: (bytes: Buffer) => unknown, bytes: Buffer): unknown {
  const reader = new StrictReader(bytes);
  try {
    // What is generated takes a reader, too, though its type does not say so; and it stops at what cannot be a field.
    const message = requestDeserialize(reader as unknown as Buffer);
    return reader.pos === reader.len ? message : new Malformed();
  } catch {
    return new Malformed();
  }
}

/** Throws for a message that could not be read. */
export function refuseMalformed(request: unknown): void {
  if (request instanceof Malformed) throw new TaskResultsError('INVALID_FIELD', 'the message is malformed');
}

/** A unary handler from a function: whatever it throws becomes a status, and nothing is thrown at grpc-js. */
export function unary<Request, Response>(
  authorize: Authorize,
  onInternalError: OnInternalError,
  answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  const run = async (call: ServerUnaryCall<Request, Response>): Promise<Response> => {
    authorize(call);
    refuseMalformed(call.request);
    return answer(call.request, call);
  };
  return (call, callback: sendUnaryData<Response>) => {
    run(call).then(
      (response) => callback(null, response),
      (error: unknown) => {
        if (!(error instanceof TaskResultsError)) onInternalError(error);
        else if (error.cause !== undefined) onInternalError(error.cause);
        callback(toServiceError(error));
      },
    );
  };
}

/**
 * A handler for each method of a service, from the interface that ts-proto generates for it. The interface has an index
 * signature beside the methods, which is left out here: it would let any name pass, and `Omit` would keep nothing else.
 */
export type Handlers<Service> = {
  [Name in keyof Service as string extends Name ? never : Name]: Handler<Service[Name]>;
};

type Handler<Method> =
  Method extends handleUnaryCall<infer Request, infer Message>
    ? handleUnaryCall<Request, Answer<Message>>
    : Method extends handleServerStreamingCall<infer Request, infer Message>
      ? handleServerStreamingCall<Request, Answer<Message>>
      : Method extends handleBidiStreamingCall<infer Request, infer Message>
        ? handleBidiStreamingCall<Request, Answer<Message>>
        : never;
