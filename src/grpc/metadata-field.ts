import { payloadTooLarge } from '../domain/errors';
import type { Metadata } from '../domain/task-result';
import { text } from './fields';

const MOST_LABELS = 32;
const MOST_VALUE_LENGTH = 255;

/** Labels, as in `TaskResult.metadata`. */
export function metadata(field: string, value: ReadonlyMap<string, string>): Metadata {
  if (value.size > MOST_LABELS) throw payloadTooLarge(field, `must have at most ${MOST_LABELS} entries`);
  for (const [name, label] of value) {
    text(`${field} (a name)`, name, 1, 63);
    if (label.length > MOST_VALUE_LENGTH && [...label].length > MOST_VALUE_LENGTH) {
      throw payloadTooLarge(`${field}["${name}"]`, `must have at most ${MOST_VALUE_LENGTH} characters`);
    }
  }
  return Object.fromEntries(value);
}
