import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** A writer that has grown larger than this is not kept. */
const MOST_KEPT_BYTES = 64 * 1024;

/** How messages of one type are written; generated. */
export interface Encodable<T = never> {
  encode(message: T, writer: BinaryWriter): unknown;
}

let writer = new BinaryWriter();

/**
 * A message as bytes. One writer serves them all: the generated code would make a new one for each message, whose buffer
 * grows from nothing, and which took twice as long (docs/benchmarks.md).
 */
export function encode<T>(type: Encodable<T>, message: T): Buffer {
  try {
    type.encode(message, writer);
  } catch (error) {
    writer = new BinaryWriter(); // this one holds a part of the message
    throw error;
  }
  const { buffer, byteOffset, length } = writer.finish();
  if (length > MOST_KEPT_BYTES) writer = new BinaryWriter();
  return Buffer.from(buffer, byteOffset, length);
}
