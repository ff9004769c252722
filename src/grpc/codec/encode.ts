import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { MAX_ANSWER_SIZE } from '../../domain/limits';

/**
 * A writer of a message larger than this is not kept. It holds the largest answer of many results: growing a new one for each
 * took a tenth to a quarter of the time of such a call, and two thirds of the encoding of 100 KB (docs/benchmarks.md).
 */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;

/** How messages of one type are written; generated. */
export interface Encodable<T = never> {
  encode(message: T, writer: BinaryWriter): unknown;
}

/** A writer whose buffer stays with it, for the next message. */
class ReusedWriter extends BinaryWriter {
  /**
   * What was written since the last call, where it was written. `finish` would put each message into memory of its own outside
   * the heap, which took a twelfth of the time of a call (docs/benchmarks.md). Brackets reach what is private, and keep its type.
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
 * A message as bytes, which the next call writes over: for `responseSerialize`, whose bytes grpc-js copies into a frame at once.
 * One writer serves them all: the generated code would make a new one for each message, whose buffer grows from nothing, and which
 * took twice as long (docs/benchmarks.md).
 */
export function encode<T>(type: Encodable<T>, message: T): Buffer {
  try {
    type.encode(message, writer);
  } catch (error) {
    writer = new ReusedWriter(); // this one holds a part of the message
    throw error;
  }
  const bytes = writer.take();
  if (bytes.length > MOST_KEPT_BYTES) writer = new ReusedWriter();
  return bytes;
}

/**
 * The message of the first `count` items, or of as many as an answer holds; at least of one. Answers are kept small by the
 * sizes that the rows know of; what these leave out, such as labels and workers, is seen only here.
 */
export function encodeWhatFits<M>(type: Encodable<M>, count: number, toMessage: (count: number) => M): Buffer {
  const bytes = encode(type, toMessage(count));
  if (bytes.length <= MAX_ANSWER_SIZE || count <= 1) return bytes;
  return encodeWhatFits(type, Math.floor((count * MAX_ANSWER_SIZE) / bytes.length) || 1, toMessage);
}

/**
 * A function that makes a message of what it is given and encodes it; of one and the same object, only the first time. The
 * bytes are kept for as long as the object is.
 */
export function encodedOnce<T extends object, M>(
  type: Encodable<M>,
  toMessage: (object: T) => M,
): (object: T) => Buffer {
  const encoded = new WeakMap<T, Buffer>();
  return (object) => {
    let bytes = encoded.get(object);
    if (!bytes) {
      const passing = encode(type, toMessage(object));
      // Not out of the pool of Node.js, of which a few bytes would keep all.
      bytes = Buffer.allocUnsafeSlow(passing.length);
      passing.copy(bytes);
      encoded.set(object, bytes);
    }
    return bytes;
  };
}
