import { invalidField, payloadTooLarge } from '../../domain/errors';
import type { Metadata } from '../../domain/task-result';

const MOST_LABELS = 32;
const MOST_NAME_LENGTH = 63;
const MOST_VALUE_LENGTH = 255;

/** Labels, as in `TaskResult.metadata`. */
export function metadata(field: string, value: ReadonlyMap<string, string>): Metadata {
  if (value.size > MOST_LABELS) throw payloadTooLarge(field, `must have at most ${MOST_LABELS} entries`);
  for (const [name, label] of value) {
    if (name === '' || longer(name, MOST_NAME_LENGTH)) {
      throw invalidField(field, `must have names of 1 to ${MOST_NAME_LENGTH} characters`);
    }
    if (longer(label, MOST_VALUE_LENGTH)) {
      throw payloadTooLarge(`${field}["${name}"]`, `must have at most ${MOST_VALUE_LENGTH} characters`);
    }
  }
  return Object.fromEntries(value);
}

/** Counts characters (code points), of which a text has at least half as many as UTF-16 units. */
function longer(text: string, length: number): boolean {
  return text.length > length && (text.length > 2 * length || [...text].length > length);
}
