import { runInNewContext } from 'node:vm';
import { losslessJson, NotDecodableError, NotEncodableError, RawJson } from '../src/index';
import { decode, encode } from '../src/json';

const { parse, stringify } = losslessJson;

test.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740993', 9007199254740993n],
  ['-9007199254740993', -9007199254740993n],
  ['12345678901234567890123', 12345678901234567890123n],
  ['0.1234567890123456789', 0.12345678901234568],
  ['1e30', 1e30],
  ['"12345678901234567890"', '12345678901234567890'],
])('%s is read as %p', (text, value) => {
  expect(parse(text)).toBe(value);
});

test('a long integer changes nothing else', () => {
  const text = '{"a": [1, 1.0, -0, "\\u0000", null, true], "a": {"b": {}}, "__proto__": 1, "n": 12345678901234567890}';
  const value = parse(text) as object;
  expect(value).toEqual({ ...JSON.parse(text), n: 12345678901234567890n });
  expect(Object.keys(value)).toEqual(['a', '__proto__', 'n']);
});

test('BigInt is written with all its digits', () => {
  expect(stringify({ n: 2n ** 70n, list: [1n] })).toBe(`{"n":${2n ** 70n},"list":[1]}`);
});

test('what the built-in writes is written the same', () => {
  const value = { date: new Date(0), left: undefined, list: [undefined, 'ü\u2028\ud800'], nested: { toJSON: () => 1 } };
  expect(stringify(value)).toBe(JSON.stringify(value));
});

const cycle: unknown[] = [];
cycle.push(cycle);

class Money {
  #cents = 100;
  get cents() {
    return this.#cents;
  }
}

class Point {
  x = 1;
}

test.each([
  ['NaN', Number.NaN],
  ['Infinity', { deep: [Number.POSITIVE_INFINITY] }],
  ['an invalid Date', [new Date('never')]],
  ['a Map', { map: new Map() }],
  ['a Set', [new Set()]],
  ['Symbol(s)', [Symbol('s')]],
  ['function', { call: function named() {} }],
  ['it contains itself', cycle],
  ['an Error', [new Error('no')]],
  ['a TypeError', { error: Object.assign(new TypeError('no'), { code: 7 }) }],
  ['an Error', [{ status: 'rejected', reason: new Error('no') }]],
  ['a Promise', { pending: new Promise(() => {}) }],
  // biome-ignore lint/suspicious/noThenProperty: what a query builder looks like
  ['an Object', [{ then: () => {}, sql: 'SELECT 1' }]],
  ['NaN', [Object(Number.NaN)]],
  ['NaN', { total: { toJSON: () => Number.NaN } }],
  ['a Map', { toJSON: () => ({ deep: new Map() }) }],
  ['a BigInt', [Object(1n)]],
  ['an object without a class', [(function* () {})()]],
  ['a Headers', new Headers({ a: 'b' })],
  ['an ArrayBuffer', new ArrayBuffer(8)],
  ['a Uint8Array', { bytes: new Uint8Array([1, 2]) }],
  ['a Buffer', { bytes: Buffer.from('ab') }],
  ['a Uint8Array', Object.assign(new Uint8Array([1]), { toJSON: () => 'AQ==' })],
  ['an Error', { error: Object.assign(new Error('no'), { toJSON: () => ({ message: 'no' }) }) }],
  ['a RegExp', [/x/]],
  ['a WeakMap', [new WeakMap()]],
  ['a Money', { price: new Money() }],
])('%s is refused', (why, value) => {
  expect(() => encode(losslessJson, 'args', value)).toThrow(NotEncodableError);
  expect(() => encode(losslessJson, 'args', value)).toThrow(why);
});

test('what has something to be written is written', () => {
  const value = {
    empty: {},
    bare: Object.create(null),
    elsewhere: runInNewContext('({ list: [{}], object: {} })'),
    point: new Point(),
    url: new URL('https://example.com/a'),
    tags: Object.assign(new Set([1]), { toJSON: () => [1] }),
    boxed: [Object(1), Object(''), Object(false)],
    named: { toJSON: (name: string) => `I am ${name}` },
    settled: [{ status: 'fulfilled', value: 1 }],
  };
  expect(stringify(value)).toBe(JSON.stringify(value));
});

test('a format that writes no text is refused', () => {
  const format = { parse: JSON.parse, stringify: () => 7 as unknown as string };
  expect(() => encode(format, 'args', 1)).toThrow(NotEncodableError);
});

test('what throws while it is written is refused with its cause', () => {
  const cause = new Error('not me');
  const thrower = {
    toJSON() {
      throw cause;
    },
  };
  expect(() => encode(losslessJson, 'kwargs', thrower)).toThrow(expect.objectContaining({ cause }));
});

test.each(['1e400', '[-1e309]', '{"n": 1E+0400}', `${'9'.repeat(400)}.5`])('%s is no number here', (text) => {
  expect(() => decode(losslessJson, 'the return value', text)).toThrow(NotDecodableError);
});

test('a number that has an exponent of three digits and fits is read', () => {
  expect(parse('[1e300, 1e-400, "1e400"]')).toEqual([1e300, 0, '1e400']);
});

test('an empty text is no raw JSON', () => {
  expect(() => encode(losslessJson, 'args', new RawJson(''))).toThrow(NotEncodableError);
  expect(() => encode({ parse: JSON.parse, stringify: () => '' }, 'args', 1)).toThrow(NotEncodableError);
});

test('raw JSON is passed on as it stands', () => {
  expect(encode(losslessJson, 'args', new RawJson('[ 1.0 ]'))).toBe('[ 1.0 ]');
});
