import { CorrectedClock, systemClock } from '../../src/domain/clock';

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

describe('a clock that is corrected', () => {
  let machine: number;
  let clock: CorrectedClock;
  beforeEach(() => {
    machine = 1_000_000;
    clock = new CorrectedClock(() => machine);
  });

  test('shows the time of the machine at first, and then that of the other clock', () => {
    expect(clock.read()).toBe(1_000_000);
    clock.correct(500_000, 200);
    expect({ time: clock.read(), offset: clock.offset }).toEqual({ time: 500_100, offset: -499_900 });
    machine += 10;
    expect(clock.read()).toBe(500_110);
  });

  test('stays when it is as right as the round trip can tell', () => {
    clock.correct(500_000, 200);
    clock.correct(500_050, 300);
    clock.correct(400_000, 400_000);
    expect(clock.offset).toBe(-499_900);
    clock.correct(500_050, 20);
    expect(clock.offset).toBe(-499_940);
  });

  test('follows when the clock of the machine is set', () => {
    clock.correct(500_000, 0);
    machine = 9_000_000;
    clock.correct(500_001, 0);
    expect(clock.read()).toBe(500_001);
  });
});
