import { type Encodable, encodeInPlace } from './encode-in-place';

/**
 * What a handler may answer with: a message, its bytes, or a function that makes the bytes once they are to be sent.
 */
export type Answer<Message> = Message | Buffer | (() => Buffer);

/** An answer as bytes, for grpc-js to send at once: the next answer may be written over them. */
export function encode<Message extends object>(type: Encodable<Message>, answer: Answer<Message>): Buffer {
  if (Buffer.isBuffer(answer)) return answer;
  return typeof answer === 'function' ? answer() : encodeInPlace(type, answer);
}
