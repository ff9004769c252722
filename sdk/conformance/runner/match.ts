import { isLosslessNumber, parse } from 'lossless-json';
import type { Members } from './driver';

/** Expected of anything but null. */
const PRESENT = '$present';

/**
 * What is not as expected, or null: objects may have more members, arrays must match in length, members that end in `_json` are
 * compared by value outside `stored`, `$present` is anything but null, `{$contains: text}` a part of a text, and
 * `{$at_least: number}` that number or a higher one.
 */
export function difference(expected: unknown, actual: unknown, path = ''): string | null {
  if (expected === PRESENT) return actual === null || actual === undefined ? `${path} is absent` : null;
  if (Array.isArray(expected)) return arrayDifference(expected, actual, path);
  if (typeof expected === 'object' && expected !== null) return objectDifference(expected as Members, actual, path);
  const same = /(^|\.)\w+_json$/.test(path) && !/(^|\.)stored\./.test(path) ? sameJson : Object.is;
  if (same(expected, actual)) return null;
  return `${path} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
}

function arrayDifference(expected: unknown[], actual: unknown, path: string): string | null {
  if (!Array.isArray(actual) || actual.length !== expected.length) {
    return `${path} is ${JSON.stringify(actual)}, not ${expected.length} long`;
  }
  for (const [i, item] of expected.entries()) {
    const found = difference(item, actual[i], `${path}[${i}]`);
    if (found) return found;
  }
  return null;
}

function objectDifference(expected: Members, actual: unknown, path: string): string | null {
  if ('$contains' in expected) {
    const part = String(expected.$contains);
    return typeof actual === 'string' && actual.includes(part) ? null : `${path} does not contain ${part}`;
  }
  if ('$at_least' in expected) {
    const isEnough = typeof actual === 'number' && actual >= Number(expected.$at_least);
    return isEnough ? null : `${path} is ${JSON.stringify(actual)}, not at least ${expected.$at_least}`;
  }
  if (typeof actual !== 'object' || actual === null) return `${path} is ${JSON.stringify(actual)}, not an object`;
  for (const [name, value] of Object.entries(expected)) {
    const found = difference(value, (actual as Members)[name], path ? `${path}.${name}` : name);
    if (found) return found;
  }
  return null;
}

/** Texts of the same value: numbers exactly, members in any order. */
function sameJson(expected: unknown, actual: unknown): boolean {
  if (typeof expected !== 'string' || typeof actual !== 'string') return expected === actual;
  return canonical(parse(expected)) === canonical(parse(actual));
}

function canonical(value: unknown): string {
  if (isLosslessNumber(value)) return canonicalNumber(value.toString());
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** Digits without zeros at either end, and a power of ten. */
function canonicalNumber(text: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
