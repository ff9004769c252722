import { types } from 'node:util';
import { parse, stringify } from 'lossless-json';
import { NotDecodableError, NotEncodableError } from './errors';

/** How values become JSON text and come back from it. */
export interface JsonFormat {
  parse(text: string): unknown;
  /** Undefined or an exception for what cannot be written. */
  stringify(value: unknown): string | undefined;
}

/** JSON text that is sent as it stands, byte for byte. The server refuses what is no JSON. */
export class RawJson {
  constructor(readonly text: string) {}
}

/** Maybe an integer that the built-in rounds, or a number that it takes for infinite. */
const LARGE_NUMBER = /\d{16}|[eE]\+?\d{3}/;
const INTEGER = /^-?\d+$/;

/**
 * The built-in JSON, except that integers beyond 2^53 become BigInt and BigInt is written, and that what the built-in
 * would change or drop without a word is refused: NaN, infinities, invalid dates, functions, symbols, promises, errors,
 * binary data, and objects of which nothing would be left, such as Map, Set, Headers and generators. As there, members
 * that are undefined are left out, and a number with a fraction or an exponent is the nearest double; one that is too
 * large for a double cannot be read.
 */
export const losslessJson: JsonFormat = {
  parse: (text) => {
    // Only a large number makes a difference, and the built-in is many times faster.
    if (!LARGE_NUMBER.test(text)) return JSON.parse(text);
    // The last one of several members with the same name counts, as in the built-in.
    return parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
  },
  stringify: (value) => stringify(value, written),
};

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  if (INTEGER.test(text) && !Number.isSafeInteger(number)) return BigInt(text);
  if (!Number.isFinite(number)) throw new TypeError('it holds a number that is too large');
  return number;
}

/** What is written of a member: what its `toJSON` makes of it, as in the built-in, if JSON can hold that. */
function written(name: string, value: unknown): unknown {
  refuseUnfit(value);
  if (!hasToJson(value)) return value;
  const json = value.toJSON(name);
  refuseUnfit(json);
  // Its own toJSON would not be asked again.
  return hasToJson(json) ? { ...json, toJSON: undefined } : json;
}

function refuseUnfit(value: unknown): void {
  const isUnfit =
    typeof value === 'function' ||
    typeof value === 'symbol' ||
    (typeof value === 'number' && !Number.isFinite(value)) ||
    (typeof value === 'object' && value !== null && isUnfitObject(value));
  if (isUnfit) throw new TypeError(`it holds ${describe(value)}`);
}

function isUnfitObject(value: object): boolean {
  if (value instanceof Date) return Number.isNaN(value.getTime());
  if (value instanceof Number) return !Number.isFinite(value.valueOf());
  if (isNoData(value)) return true;
  if (hasToJson(value)) return false;
  return types.isMap(value) || types.isSet(value) || wouldBeEmpty(value);
}

/** Errors, binary data, and promises that nobody has awaited; also those that have a toJSON or members of their own. */
function isNoData(value: object): boolean {
  if ('then' in value && typeof value.then === 'function') return true;
  if (value instanceof Error || types.isNativeError(value)) return true;
  return types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value);
}

/** Keeps all it has where JSON does not look, as instances of most classes do that come with Node. */
function wouldBeEmpty(value: object): boolean {
  if (Array.isArray(value) || value instanceof String || value instanceof Boolean) return false;
  if (Object.keys(value).length > 0) return false;
  const prototype = Object.getPrototypeOf(value);
  // In any realm, the prototype of plain objects is the only one that has none itself.
  return prototype !== null && Object.getPrototypeOf(prototype) !== null;
}

function hasToJson(value: unknown): value is { toJSON(name: string): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function';
}

function describe(value: unknown): string {
  if (value instanceof Date) return 'an invalid Date';
  if (value instanceof Number) return String(value);
  if (typeof value !== 'object') return String(value);
  const name = value?.constructor?.name;
  if (!name) return 'an object without a class';
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** JSON text of a value, for a request. `what` is its name in the error that refuses it. */
export function encode(format: JsonFormat, what: string, value: unknown): string {
  const text = value instanceof RawJson ? value.text : attempt(() => format.stringify(value), what);
  // In a request, an empty text is none: it would be stored as if nothing had been given.
  if (typeof text !== 'string' || text === '') throw new NotEncodableError(what, 'JSON has nothing for it');
  return text;
}

function attempt<T>(write: () => T, what: string): T {
  try {
    return write();
  } catch (error) {
    // A cycle ends when the stack does.
    const why = error instanceof RangeError ? 'it contains itself, or is nested too deeply' : (error as Error)?.message;
    throw new NotEncodableError(what, why ?? String(error), error);
  }
}

/** The value of a JSON text from the server. `what` is its name in the error that refuses it. */
export function decode(format: JsonFormat, what: string, text: string): unknown {
  try {
    return format.parse(text);
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply' : String((error as Error)?.message ?? error);
    throw new NotDecodableError(what, why, error);
  }
}
