import { BinaryWriter } from '@bufbuild/protobuf/wire';

/**
 * The writer of a message larger than this is not kept. It holds the largest answer of many results: growing a new one
 * for each took a tenth to a quarter of the time of such a call, and two thirds of the encoding of 100 KB
 * (docs/benchmarks.md).
 */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

/** How messages of one type are written; generated. */
export interface Encodable<Message> {
  encode(message: Message, writer: BinaryWriter): unknown;
}

/** A writer whose buffer stays with it, for the next message. */
class ReusedWriter extends BinaryWriter {
  /**
   * What was written since the last call, where it was written. `finish` would put each message into memory of its own
   * outside the heap, which took a twelfth of the time of a call (docs/benchmarks.md). Brackets reach what is private,
   * and keep its type.
   */
  take(): Buffer {
    // biome-ignore-start lint/complexity/useLiteralKeys: private, see above
    const { buffer, byteOffset } = this['buffer'];
    const bytes = Buffer.from(buffer, byteOffset, this['pos']);
    this['pos'] = 0;
    // biome-ignore-end lint/complexity/useLiteralKeys: private, see above
    return bytes;
  }
}

let writer = new ReusedWriter();

/**
 * A message as bytes, which the next call writes over: copy them, or give them to something that does so at once, as
 * grpc-js does with what is to be sent. One writer serves all messages. The generated code would make a new one for
 * each, whose buffer grows from nothing; that took twice as long (docs/benchmarks.md).
 */
export function encodeInPlace<Message>(type: Encodable<Message>, message: Message): Buffer {
  try {
    type.encode(message, writer);
  } catch (error) {
    writer = new ReusedWriter(); // this one holds a part of the message
    throw error;
  }
  const bytes = writer.take();
  if (bytes.length > MAX_KEPT_BYTES) writer = new ReusedWriter();
  return bytes;
}
