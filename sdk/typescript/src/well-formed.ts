import { invalidField } from './invalid-field';

/**
 * Refuses a request with a text that is no Unicode, such as half of a surrogate pair. On its way it would become another text, and
 * the answer would be about somebody else. Fields are named as in the contract.
 */
export function refuseBrokenTexts(value: unknown, field = ''): void {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw invalidField(field, 'is no Unicode text: it has half of a surrogate pair');
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) refuseBrokenTexts(item, `${field}[${i}]`);
  } else if (value instanceof Map) {
    for (const entry of value) for (const text of entry) refuseBrokenTexts(text, field);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) refuseBrokenTexts(member, fieldOf(field, name, value));
  }
}

/** Of a oneof the contract has the case alone. */
function fieldOf(parent: string, name: string, { $case }: { $case?: string }): string {
  if ($case !== undefined) return `${parent.replace(/\.?\w+$/, '')}.${snakeCase($case)}`.replace(/^\./, '');
  return `${parent}.${snakeCase(name)}`.replace(/^\./, '');
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
