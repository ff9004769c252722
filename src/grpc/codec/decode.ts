import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TaskResultsError } from '../../domain/errors';
import { MAX_FIELDS } from '../../domain/limits';

const MAX_NUMBERS = 2 * MAX_FIELDS;

/** How messages of one type are read; generated. */
export interface Decodable {
  decode(reader: BinaryReader): unknown;
}

/** What arrived could not be read as the message that was expected. */
class Malformed {}

/** How the library reads a number: it is a property of each reader, and no method that one could inherit. */
const { uint32: readNumber } = new BinaryReader(new Uint8Array());

/** Texts must be UTF-8, as proto3 asks for. The default would make one and the same text of many that are not. */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
}

/** The same for messages that are large enough to have too many fields. */
class CountingReader extends StrictReader {
  #numbers = 0;

  /**
   * Every field begins with such a number, and many have another for their size. A message of nothing but empty
   * messages would take fifty times its size.
   */
  override readonly uint32 = (): number => {
    if (++this.#numbers > MAX_NUMBERS) throw new RangeError('too many fields');
    return readNumber.call(this);
  };
}

const sizes = new WeakMap<object, number>();

/** What gRPC puts in front of each message. */
const PREFIX_BYTES = 5;

/** Size on the wire, as gRPC frames it, of a message that `decodeSized` made. */
export function sizeOf(message: object): number {
  return sizes.get(message) ?? 0;
}

/** As `decode`, for messages of a stream: `sizeOf` knows how large they came. */
export function decodeSized(type: Decodable, bytes: Buffer): unknown {
  const message = decode(type, bytes) as object;
  sizes.set(message, PREFIX_BYTES + bytes.length);
  return message;
}

/**
 * The message that `bytes` are. Bytes that are no such message are returned as something that only `wellFormed` knows,
 * rather than thrown: to what is thrown here grpc-js would answer INTERNAL.
 */
export function decode(type: Decodable, bytes: Buffer): unknown {
  const reader = bytes.length <= MAX_NUMBERS ? new StrictReader(bytes) : new CountingReader(bytes);
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
