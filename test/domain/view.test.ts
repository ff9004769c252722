import type { TaskError, TaskResult } from '../../src/domain/task-result';
import { inView } from '../../src/domain/view';

const KIB = 1024;

function error(attempt: number, message = `message ${attempt}`): TaskError {
  return {
    exceptionClassPath: 'E',
    message,
    traceback: 'line 1',
    attempt,
    workerId: `worker ${attempt}`,
    raisedAt: attempt,
  };
}

const RESULT: TaskResult = {
  id: 'x',
  task: { path: 'p', priority: 0, queueName: 'default', runAfter: null, takesContext: false },
  status: 'SUCCESSFUL',
  enqueuedAt: 1,
  startedAt: 2,
  lastAttemptedAt: 3,
  finishedAt: 4,
  argsJson: '[1]',
  kwargsJson: '{}',
  backend: 'default',
  maxAttempts: 100,
  attempts: 3,
  errorCount: 2,
  errors: [error(1), error(2)],
  workerIds: ['worker 1', 'worker 2', 'worker 3'],
  returnValueJson: '1',
  metadata: { a: 'b' },
  incarnation: 1,
  revision: 6,
  expiresAt: null,
};

test('FULL shows everything', () => {
  expect(inView(RESULT, 'FULL')).toEqual(RESULT);
});

test('BASIC shows the newest error without its traceback, the newest worker, and all that is small', () => {
  expect(inView(RESULT, 'BASIC')).toEqual({
    ...RESULT,
    argsJson: '',
    kwargsJson: '',
    returnValueJson: null,
    errors: [{ ...error(2), traceback: '' }],
    workerIds: ['worker 3'],
  });
});

test('BASIC shows 8 KiB of a message, cut at a character and marked', () => {
  const errors = [error(1, `x${'😀'.repeat(4 * KIB)}`)];
  const [shown] = inView({ ...RESULT, errors }, 'BASIC').errors;
  expect(shown?.message).toBe(`x${'😀'.repeat(2 * KIB - 1)}\n[cut: ${16 * KIB - 8 * KIB + 4} more bytes]`);
  const whole = [error(1, 'm'.repeat(8 * KIB))];
  expect(inView({ ...RESULT, errors: whole }, 'BASIC').errors[0]?.message).toBe(whole[0]?.message);
});

test.each([
  ['all of a thousand ids of 255 ASCII characters', 'w'.repeat(255), 1_000],
  ['the newest of a thousand ids of 255 emoji', '😀'.repeat(255), 259],
])('FULL shows %s', (_what, name, shown) => {
  const workerIds = Array.from({ length: 1_000 }, (_, i) => [...String(1_000 + i), ...name].slice(0, 255).join(''));
  expect(inView({ ...RESULT, workerIds }, 'FULL').workerIds).toEqual(workerIds.slice(-shown));
});

test('a result without history is shown in either view', () => {
  const without = { ...RESULT, errors: [], workerIds: [] };
  for (const view of ['FULL', 'BASIC'] as const) {
    expect(inView(without, view)).toMatchObject({ errors: [], workerIds: [] });
  }
});
