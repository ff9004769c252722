import { PreciseDate } from '../src/index';

test.each([
  '2026-11-22T19:40:35.123456Z',
  '1999-12-31T23:59:59.999999Z',
  '1970-01-01T00:00:00.000000Z',
  '2038-01-19T03:14:08.000001Z',
  '2254-12-31T23:59:59.999999Z',
])('%s comes back to the microsecond', (text) => {
  const date = PreciseDate.fromISOString(text);
  expect(date.toISOString()).toBe(text);
  expect(PreciseDate.fromEpochMicroseconds(date.epochMicroseconds).toISOString()).toBe(text);
  expect(JSON.stringify({ date })).toBe(`{"date":"${text}"}`);
});

test('it is a Date, to the millisecond', () => {
  const date = PreciseDate.fromISOString('2026-11-22T20:40:35.1234569+01:00');
  expect(date).toBeInstanceOf(Date);
  expect(date.getTime()).toBe(Date.parse('2026-11-22T19:40:35.123Z'));
  expect(date.epochMicroseconds % 1_000).toBe(456);
});

test.each(['2026-02-30T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00', 'yesterday'])('%s is no time', (text) => {
  expect(() => PreciseDate.fromISOString(text)).toThrow(RangeError);
});
