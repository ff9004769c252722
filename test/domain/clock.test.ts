import { systemClock } from '../../src/domain/clock';

afterEach(() => jest.useRealTimers());

describe('the clock', () => {
  test('is the time of the system, in microseconds', () => {
    const clock = systemClock();
    const before = Date.now() * 1_000;
    const now = clock();
    expect(now).toBeGreaterThan(before - 3_000);
    expect(now).toBeLessThan(Date.now() * 1_000 + 3_000);
    expect(Number.isInteger(now)).toBe(true);
  });

  test('follows when the system clock is set', () => {
    jest.useFakeTimers({ now: 1_000_000_000_000, doNotFake: ['performance'] });
    const clock = systemClock();
    clock();
    for (const time of [2_000_000_000_000, 500_000_000_000]) {
      jest.setSystemTime(time);
      expect(Math.abs(clock() - time * 1_000)).toBeLessThan(3_000);
    }
  });
});
