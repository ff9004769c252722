import { type Encodable, encodeInPlace } from './encode-in-place';

/**
 * Returns a function that makes a message of an object and encodes it. For one and the same object it does so only the
 * first time, and keeps the bytes for as long as the object lives. A Get from memory went from 0.76 to 0.90 of the echo
 * (docs/benchmarks.md).
 */
export function encodeOnce<T extends object, Message>(
  type: Encodable<Message>,
  toMessage: (object: T) => Message,
): (object: T) => Buffer {
  const encoded = new WeakMap<T, Buffer>();
  return (object) => {
    let bytes = encoded.get(object);
    if (!bytes) {
      const passing = encodeInPlace(type, toMessage(object));
      // Not out of the pool of Node.js, of which a few bytes would keep all.
      bytes = Buffer.allocUnsafeSlow(passing.length);
      passing.copy(bytes);
      encoded.set(object, bytes);
    }
    return bytes;
  };
}
