import { losslessJson, NotEncodableError, RawJson } from '../src';
import { encode } from '../src/json';

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

test.each([
  ['NaN', Number.NaN],
  ['Infinity', { deep: [Number.POSITIVE_INFINITY] }],
  ['an invalid Date', [new Date('never')]],
  ['a Map', { map: new Map() }],
  ['a Set', [new Set()]],
  ['Symbol(s)', [Symbol('s')]],
  ['function', { call: function named() {} }],
  ['it contains itself', cycle],
])('%s is refused', (why, value) => {
  expect(() => encode(losslessJson, 'args', value)).toThrow(NotEncodableError);
  expect(() => encode(losslessJson, 'args', value)).toThrow(why);
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

test('raw JSON is passed on as it stands', () => {
  expect(encode(losslessJson, 'args', new RawJson('[ 1.0 ]'))).toBe('[ 1.0 ]');
});
