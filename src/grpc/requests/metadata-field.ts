import { invalidField, payloadTooLarge } from '../../domain/errors';
import { MAX_LABEL_NAME_LENGTH, MAX_LABEL_VALUE_LENGTH, MAX_LABELS } from '../../domain/limits';
import type { Metadata } from '../../domain/task-result';

/** Labels, as in `TaskResult.metadata`. */
export function metadata(field: string, value: ReadonlyMap<string, string>): Metadata {
  if (value.size > MAX_LABELS) throw payloadTooLarge(field, `must have at most ${MAX_LABELS} entries`);
  for (const [name, label] of value) {
    if (name === '' || longer(name, MAX_LABEL_NAME_LENGTH)) {
      throw invalidField(field, `must have names of 1 to ${MAX_LABEL_NAME_LENGTH} characters`);
    }
    if (longer(label, MAX_LABEL_VALUE_LENGTH)) {
      throw payloadTooLarge(`${field}["${name}"]`, `must have at most ${MAX_LABEL_VALUE_LENGTH} characters`);
    }
  }
  return Object.fromEntries(value);
}

/** Counts characters (code points), of which a text has at least half as many as UTF-16 units. */
function longer(text: string, length: number): boolean {
  return text.length > length && (text.length > 2 * length || [...text].length > length);
}
