import { invalidField } from './invalid-field';

const MAX_INT32 = 2 ** 31 - 1;
const MIN_INT32 = -(2 ** 31);

/** The bytes of a request. What it cannot hold is refused here: gRPC would report it as a failure of the server. */
export function encodeRequest<Request>(serialize: (request: Request) => Buffer, request: Request): Buffer {
  refuseMalformed(request);
  try {
    return serialize(request);
  } catch (error) {
    throw invalidField('request', `cannot be encoded: ${(error as Error).message}`);
  }
}

/**
 * Refuses what would become something else on its way, so that the answer would be about another result: texts that are
 * no Unicode, such as half of a surrogate pair, and ids that are no texts; and numbers that are no 32-bit integers,
 * since no request has others. Fields are named as in the contract.
 */
export function refuseMalformed(value: unknown, field = ''): void {
  if (isId(field) && typeof value !== 'string') throw invalidField(field, 'must be a text');
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw invalidField(field, 'is no Unicode text: it has half of a surrogate pair');
  } else if (typeof value === 'number') {
    const isInt32 = Number.isInteger(value) && value >= MIN_INT32 && value <= MAX_INT32;
    if (!isInt32) throw invalidField(field, `must be a whole number from ${MIN_INT32} to ${MAX_INT32}`);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) refuseMalformed(item, `${field}[${i}]`);
  } else if (value instanceof Map) {
    for (const entry of value) for (const text of entry) refuseMalformed(text, field);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) refuseMalformed(member, fieldOf(field, name, value));
  }
}

function isId(field: string): boolean {
  return /^ids\[\d+\]$|(^|\.)id$/.test(field);
}

/** In the contract, a oneof has no name, but only its cases. */
function fieldOf(parent: string, name: string, { $case }: { $case?: string }): string {
  if ($case !== undefined) return `${parent.replace(/\.?\w+$/, '')}.${snakeCase($case)}`.replace(/^\./, '');
  return `${parent}.${snakeCase(name)}`.replace(/^\./, '');
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
