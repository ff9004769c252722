import { Throttle } from '../../src/cli/output/throttle';
import { until } from '../support/until';

const LONG_MS = 3_600_000;

test('what is asked for many times before it is done is done once', async () => {
  let runs = 0;
  const throttle = new Throttle(() => runs++, 1);
  for (let i = 0; i < 1_000; i++) throttle.ask();
  expect(runs).toBe(0);
  await until(() => runs > 0, 'it runs');
  expect(runs).toBe(1);
});

test('what has to wait for its time is done at once by a flush, and then no more', async () => {
  let runs = 0;
  const throttle = new Throttle(() => runs++, LONG_MS);
  throttle.ask();
  await until(() => runs === 1, 'it runs');
  throttle.ask();
  throttle.flush();
  expect(runs).toBe(2);
  throttle.flush();
  expect(runs).toBe(2);
});
