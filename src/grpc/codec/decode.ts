import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TaskResultsError } from '../../domain/errors';

/** How messages of one type are read; generated. */
export interface Decodable {
  decode(reader: BinaryReader): unknown;
}

/** What arrived could not be read as the message that was expected. */
class Malformed {}

/**
 * Refuses texts that are not UTF-8, as proto3 asks for. The default would make one and the same text of many of them.
 */
class StrictReader extends BinaryReader {
  override string(): string {
    return super.string(true);
  }
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
