import { parse, stringify } from 'lossless-json';
import { NotEncodableError } from './errors';

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

const LONG_DIGITS = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * The built-in JSON, except that integers beyond 2^53 become BigInt and BigInt is written, and that what the built-in would change
 * or drop without a word is refused: NaN, infinities, invalid dates, functions, symbols, Map and Set. As there, members that
 * are undefined are left out, and a number with a fraction or an exponent is the nearest double.
 */
export const losslessJson: JsonFormat = {
  parse: (text) => {
    // Only a long integer makes a difference, and the built-in is many times faster.
    if (!LONG_DIGITS.test(text)) return JSON.parse(text);
    // Of members with the same name the last one counts, as in the built-in.
    return parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
  },
  stringify: (value) => stringify(value, refuseUnfit),
};

function parseNumber(text: string): number | bigint {
  const number = Number(text);
  return INTEGER.test(text) && !Number.isSafeInteger(number) ? BigInt(text) : number;
}

function refuseUnfit(_name: string, value: unknown): unknown {
  const unfit =
    (typeof value === 'number' && !Number.isFinite(value)) ||
    (value instanceof Date && Number.isNaN(value.getTime())) ||
    typeof value === 'function' ||
    typeof value === 'symbol' ||
    value instanceof Map ||
    value instanceof Set;
  if (unfit) throw new TypeError(`it holds ${describe(value)}`);
  return value;
}

function describe(value: unknown): string {
  if (value instanceof Date) return 'an invalid Date';
  return typeof value === 'object' ? `a ${value?.constructor.name}` : String(value);
}

/** JSON text of a value, for a request. `what` is its name in the error that refuses it. */
export function encode(format: JsonFormat, what: string, value: unknown): string {
  if (value instanceof RawJson) return value.text;
  const text = attempt(() => format.stringify(value), what);
  if (text === undefined) throw new NotEncodableError(what, 'JSON has nothing for it');
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
