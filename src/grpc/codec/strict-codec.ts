import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { type Decodable, decode, decodeSized } from './decode';
import { type Answer, encode } from './encode';
import type { Encodable } from './encode-in-place';

/** Any message; what is generated has no type for it. */
type Message = Record<string, unknown>;

/**
 * The definition of a service with this codec in place of the generated one: bytes that are no message can be refused
 * as the caller's mistake (`wellFormed`), and handlers may answer with bytes (`Answer`). `messages` is what was
 * generated beside the definition. It has the request and the answer of a method under the method's name, as buf's lint
 * rules RPC_REQUEST_STANDARD_NAME and RPC_RESPONSE_STANDARD_NAME ask for.
 */
export function withStrictCodec<Definition extends ServiceDefinition>(
  definition: Definition,
  messages: object,
): Definition {
  const types = messages as Record<string, Decodable & Encodable<Message>>;
  const methods = Object.entries<MethodDefinition<unknown, unknown>>(definition).map(([name, method]) => {
    const methodName = method.path.split('/').at(-1);
    const [request, answer] = [types[`${methodName}Request`], types[`${methodName}Response`]];
    if (!request || !answer) throw new Error(`${method.path} has no messages of its name`);
    const codec = {
      requestDeserialize: (bytes: Buffer) => (method.requestStream ? decodeSized : decode)(request, bytes),
      responseSerialize: (given: Answer<Message>) => encode(answer, given),
    };
    return [name, { ...method, ...codec }];
  });
  return Object.fromEntries(methods) as Definition;
}
