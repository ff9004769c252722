import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TaskResultsError } from '../../domain/errors';
import { MAX_FIELDS } from '../../domain/limits';

/** How messages of one type are read; generated. */
export interface Decodable {
  decode(reader: BinaryReader): unknown;
}

/** What arrived could not be read as the message that was expected. */
class Malformed {}

/**
 * Refuses texts that are not UTF-8, as proto3 asks for. The default would make one and the same text of many of them.
 * Refuses messages of very many fields, too: an empty message within another is two bytes, and takes a hundred.
 */
class StrictReader extends BinaryReader {
  #fields = 0;

  override string(): string {
    return super.string(true);
  }

  override tag(): ReturnType<BinaryReader['tag']> {
    if (++this.#fields > MAX_FIELDS) throw new RangeError('too many fields');
    return super.tag();
  }
}

const sizes = new WeakMap<object, number>();

/** Size on the wire of a message that `decodeSized` made. */
export function sizeOf(message: object): number {
  return sizes.get(message) ?? 0;
}

/** As `decode`, for messages of a stream: `sizeOf` knows how large they came. */
export function decodeSized(type: Decodable, bytes: Buffer): unknown {
  const message = decode(type, bytes) as object;
  sizes.set(message, bytes.length);
  return message;
}

/**
 * The message that `bytes` are. Bytes that are no such message are returned as something that only `wellFormed` knows,
 * rather than thrown: to what is thrown here grpc-js would answer INTERNAL.
 */
export function decode(type: Decodable, bytes: Buffer): unknown {
  const reader = new StrictReader(bytes);
  try {
    const message = type.decode(reader);
    return reader.pos === reader.len ? message : new Malformed(); // it stops at what cannot be a field
  } catch {
    return new Malformed();
  }
}

/** The message as it arrived. Throws INVALID_FIELD when it could not be read. */
export function wellFormed<Message>(message: Message): Message {
  if (message instanceof Malformed) throw new TaskResultsError('INVALID_FIELD', 'the message is malformed');
  return message;
}
