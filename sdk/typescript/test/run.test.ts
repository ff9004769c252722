import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import {
  CancelledError,
  NotEncodableError,
  PayloadTooLargeError,
  type RunContext,
  StaleAttemptError,
  type TaskResults,
  TaskResultsError,
} from '../src';
import { Fixture, freshId } from './support/fixture';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
});

afterAll(() => fixture.remove());

async function status(id: string): Promise<string | null> {
  const { found } = await client.getMany([id]);
  return found[0]?.status ?? null;
}

test('run reports what the function returned', async () => {
  let told: RunContext | undefined;
  const result = await client.run({ path: 'app.tasks.add', args: [1, 2] }, 'w1', (context) => {
    told = context;
    const [a, b] = context.result.args as [number, number];
    return { sum: a + b };
  });
  expect(result).toMatchObject({ status: 'SUCCESSFUL', returnValue: { sum: 3 }, workerIds: ['w1'], attempts: 1 });
  expect(told).toMatchObject({ attempt: 1 });
  expect(told?.signal.aborted).toBe(false);
});

test('a result that exists is taken by its id', async () => {
  const { id } = await client.create({ path: 'app.tasks.double', args: [21] });
  const result = await client.run(id, 'w1', ({ result: { args } }) => (args[0] as number) * 2);
  expect(result.returnValue).toBe(42);
});

test('what the function throws is reported and passed on', async () => {
  const id = freshId();
  const error = new RangeError('the disk is full');
  const run = client.run({ path: 'app.tasks.broken', id }, 'w1', () => {
    throw error;
  });
  await expect(run).rejects.toBe(error);
  expect(await client.get(id)).toMatchObject({
    status: 'FAILED',
    errors: [{ exceptionClassPath: 'RangeError', message: 'the disk is full', traceback: error.stack }],
  });
});

test('the caller says after which errors another attempt is to be made', async () => {
  const id = freshId();
  const task = { path: 'app.tasks.flaky', id };
  const options = { retry: (_: unknown, attempt: number) => attempt < 2 };
  const fail = () => Promise.reject(new Error('busy'));
  await expect(client.run(task, 'w1', fail, options)).rejects.toThrow('busy');
  expect(await status(id)).toBe('READY');
  await expect(client.run(id, 'w1', fail, options)).rejects.toThrow('busy');
  expect(await status(id)).toBe('FAILED');
});

test.each([
  ['too large', 'x'.repeat(1_100_000), PayloadTooLargeError],
  ['larger than a message may be', 'x'.repeat(9_000_000), TaskResultsError],
  ['no JSON', Number.NaN, NotEncodableError],
])('a return value that is %s becomes a failure that says so', async (_, value, Class) => {
  const id = freshId();
  await expect(client.run({ path: 'app.tasks.unfit', id }, 'w1', () => value)).rejects.toThrow(Class);
  const { errors } = await client.get(id);
  expect(await status(id)).toBe('FAILED');
  expect(errors[0]?.message).toContain('return value');
});

test('the lease is renewed for as long as the function takes', async () => {
  const id = freshId();
  const run = client.run({ path: 'app.tasks.slow', id }, 'w1', () => delay(1_500, 'done'), { leaseMs: 600 });
  await until(async () => (await status(id)) === 'RUNNING', 'it runs');
  const refusals: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    await delay(300);
    refusals.push(
      await client.startAttempt(id, 'w2').then(
        () => false,
        () => true,
      ),
    );
  }
  expect(refusals).toEqual([true, true, true, true]);
  expect(await run).toMatchObject({ returnValue: 'done', workerIds: ['w1'], errors: [] });
});

test('the loss of the attempt aborts the signal and is thrown', async () => {
  const id = freshId();
  let reason: unknown;
  const run = client.run(
    { path: 'app.tasks.slow', id },
    'w1',
    async ({ signal }) => {
      await delay(20_000, undefined, { signal }).catch(() => {});
      reason = signal.reason;
      throw new Error('of no interest any more');
    },
    { leaseMs: 600 },
  );
  run.catch(() => {});
  await until(async () => (await status(id)) === 'RUNNING', 'it runs');
  await client.startAttempt(id, 'w2', { force: true });
  await expect(run).rejects.toThrow(StaleAttemptError);
  expect(reason).toBeInstanceOf(StaleAttemptError);
  expect(await client.get(id)).toMatchObject({ status: 'RUNNING', attempts: 2, errors: [{ attempt: 1 }] });
});

test('a loss that only the report tells is thrown, with what the function threw as its cause', async () => {
  const id = freshId();
  const thrown = new Error('busy');
  const run = client.run({ path: 'app.tasks.slow', id }, 'w1', async () => {
    await client.startAttempt(id, 'w2', { force: true });
    throw thrown;
  });
  await expect(run).rejects.toMatchObject({ reason: 'STALE_ATTEMPT', cause: thrown });
});

test('with a signal that is aborted already no attempt is started', async () => {
  const { id } = await client.create({ path: 'app.tasks.late' });
  await expect(client.run(id, 'w1', () => 1, { signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
  expect(await client.get(id)).toMatchObject({ status: 'READY', attempts: 0 });
});

test("the caller's signal reaches the function, and the outcome is reported all the same", async () => {
  const id = freshId();
  const stop = new AbortController();
  const run = client.run(
    { path: 'app.tasks.stopped', id },
    'w1',
    ({ signal }) => delay(20_000, undefined, { signal }),
    { signal: stop.signal },
  );
  run.catch(() => {});
  await until(async () => (await status(id)) === 'RUNNING', 'it runs');
  stop.abort();
  await expect(run).rejects.toThrow('aborted');
  expect(await client.get(id)).toMatchObject({ status: 'FAILED', errors: [{ exceptionClassPath: 'AbortError' }] });
});
