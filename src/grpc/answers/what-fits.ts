import { MAX_ANSWER_SIZE } from '../../domain/limits';
import { type Encodable, encodeInPlace } from '../codec/encode-in-place';

/**
 * The message of the first `count` items, encoded in place, or of as many as an answer holds; of one item at least. The
 * reads keep answers small by the sizes that rows know. What rows do not know, such as the size of labels and workers,
 * is seen only here.
 */
export function encodeWhatFits<Message>(
  type: Encodable<Message>,
  count: number,
  toMessage: (count: number) => Message,
): Buffer {
  const bytes = encodeInPlace(type, toMessage(count));
  if (bytes.length <= MAX_ANSWER_SIZE || count <= 1) return bytes;
  return encodeWhatFits(type, Math.floor((count * MAX_ANSWER_SIZE) / bytes.length) || 1, toMessage);
}
