import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../../test/support/until';
import {
  AttemptInProgressError,
  CancelledError,
  InvalidFieldError,
  NotEncodableError,
  PayloadTooLargeError,
  RawJson,
  type RunContext,
  StaleAttemptError,
  TaskResults,
  TaskResultsError,
} from '../src/index';
import { Fixture, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

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
  const run = client.run({ path: 'app.tasks.slow', id }, 'w1', () => delay(6_000, 'done'), { leaseMs: 2_400 });
  await until(async () => (await status(id)) === 'RUNNING', 'it runs');
  const refusals: boolean[] = [];
  for (let i = 0; i < 4; i++) {
    await delay(1_200);
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

/** Runs a function that throws; resolves with what is stored of it. */
async function failureOf(thrown: unknown) {
  const id = freshId();
  const run = client.run({ path: 'app.tasks.broken', id }, 'w1', () => {
    throw thrown;
  });
  await expect(run).rejects.toBe(thrown);
  const { status, errors } = await client.get(id);
  expect(status).toBe('FAILED');
  return errors[0];
}

test('an error text of 5 MiB is cut and marked', async () => {
  const message = `${'x'.repeat(5 * 1024 * 1024)}!`;
  const error = await failureOf(new RangeError(message));
  const [, kept = '', gone] = /^(x+)\n\[cut: (\d+) more bytes\]$/.exec(error?.message ?? '') ?? [];
  expect(kept.length).toBeGreaterThan(65_000);
  expect(kept.length + Number(gone)).toBe(message.length);
  expect(error?.traceback).toMatch(/^RangeError: x{250000,}\n\[cut: \d+ more bytes\]$/);
});

const revoked = Proxy.revocable([], {});
revoked.revoke();

function refuseToTell(): never {
  throw new Error('do not look');
}

/** Throws when anything is asked of it. */
const hostile = new Proxy(new Error('hidden'), {
  get: () => {
    throw new Error('do not look');
  },
  getPrototypeOf: () => {
    throw new Error('do not look');
  },
});

test.each<[string, unknown, { exceptionClassPath: string; message: string }]>([
  ['nothing', undefined, { exceptionClassPath: 'undefined', message: 'undefined' }],
  ['a report without a class', { exceptionClassPath: '' }, { exceptionClassPath: 'object', message: '' }],
  ['a report of other types', { exceptionClassPath: 7, message: 8 }, { exceptionClassPath: 'object', message: '' }],
  [
    'an error of a class without a constructor',
    Object.assign(new Error('odd'), { constructor: undefined }),
    { exceptionClassPath: 'Error', message: 'odd' },
  ],
  [
    'an error without a class',
    Object.setPrototypeOf(new Error('bare'), null),
    { exceptionClassPath: 'Error', message: 'bare' },
  ],
  [
    'an error of an odd name and message',
    Object.assign(new Error(), { name: 7, message: { deep: 1 }, stack: null }),
    { exceptionClassPath: 'Error', message: '' },
  ],
  [
    'an error that cannot be looked at',
    hostile,
    { exceptionClassPath: 'object', message: expect.stringMatching(/^Error: hidden\n/) },
  ],
  [
    'an AggregateError whose errors are a revoked proxy',
    Object.assign(new AggregateError([]), { errors: revoked.proxy }),
    { exceptionClassPath: 'AggregateError', message: '' },
  ],
  [
    'an AggregateError whose errors cannot be read',
    Object.defineProperty(new AggregateError([]), 'errors', { get: refuseToTell }),
    { exceptionClassPath: 'AggregateError', message: '' },
  ],
  [
    'an AggregateError whose errors cannot be copied',
    Object.assign(new AggregateError([]), { errors: Object.assign([new Error('first')], { slice: refuseToTell }) }),
    { exceptionClassPath: 'AggregateError', message: 'first' },
  ],
  [
    'an AggregateError of which one error cannot be read',
    Object.assign(new AggregateError([]), {
      errors: Object.defineProperty([new Error('first'), null, new Error('third')], 1, { get: refuseToTell }),
    }),
    { exceptionClassPath: 'AggregateError', message: 'first; third' },
  ],
  ['half of a surrogate pair', new Error('\ud800'), { exceptionClassPath: 'Error', message: '\ufffd' }],
  [
    'a class path of 5,000 characters',
    { exceptionClassPath: '😀'.repeat(5_000) },
    { exceptionClassPath: '😀'.repeat(1_000), message: '' },
  ],
])('whatever is thrown is reported: %s', async (_, thrown, reported) => {
  expect(await failureOf(thrown)).toMatchObject(reported);
});

test('a report of an AggregateError tells what is in it', async () => {
  const refused = new AggregateError([new Error('refused by ::1'), new TypeError('refused by 127.0.0.1')]);
  const error = await failureOf(refused);
  expect(error).toMatchObject({
    exceptionClassPath: 'AggregateError',
    message: 'refused by ::1; refused by 127.0.0.1',
    traceback: expect.stringMatching(
      /\n\[errors 0\]: Error: refused by ::1\n[\s\S]*\n\[errors 1\]: TypeError: refused by 127/,
    ),
  });

  const any = await Promise.any([Promise.reject(new Error('first')), Promise.reject('second')]).catch((error) => error);
  expect(await failureOf(any)).toMatchObject({
    message: 'All promises were rejected',
    traceback: expect.stringMatching(/\[errors 0\]: Error: first\n[\s\S]*\n\[errors 1\]: 'second'$/),
  });
});

test('a report keeps a cause that is no Error, and ends where causes go round in a circle', async () => {
  const error = await failureOf(new Error('outer', { cause: { code: 7 } }));
  expect(error?.traceback).toMatch(/\n\[cause\]: { code: 7 }$/);
  const circle = new Error('round');
  circle.cause = circle;
  expect((await failureOf(circle))?.traceback.match(/\[cause\]/g)).toHaveLength(20);
  const own = new AggregateError([]);
  own.errors.push(own, own);
  expect(await failureOf(own)).toMatchObject({ exceptionClassPath: 'AggregateError', message: '' });
});

test.each([
  ['an Error', () => new Error('no'), NotEncodableError],
  ['what is settled, with a rejection', () => Promise.allSettled([Promise.reject(new Error('no'))]), NotEncodableError],
  ['raw text that is no JSON', () => new RawJson('{'), InvalidFieldError],
])('a return value that is no value becomes a failure that says so: %s', async (_, work, Class) => {
  const id = freshId();
  await expect(client.run({ path: 'app.tasks.unfit', id }, 'w1', work as () => unknown)).rejects.toThrow(Class);
  expect(await client.get(id)).toMatchObject({
    status: 'FAILED',
    errors: [{ exceptionClassPath: Class.name, message: expect.stringContaining('return value') }],
  });
});

test('a predicate that throws loses no outcome, and is told', async () => {
  const id = freshId();
  const mistake = new Error('a bug of the predicate');
  const thrown = new Error('busy');
  const broken = () => {
    throw Object.freeze(mistake);
  };
  const options = { report: broken, retry: broken };
  const run = client.run({ path: 'app.tasks.flaky', id }, 'w1', () => Promise.reject(thrown), options);
  await expect(run).rejects.toBe(mistake);
  expect(await client.get(id)).toMatchObject({ status: 'FAILED', errors: [{ message: 'busy' }] });
});

test('a predicate may take its time', async () => {
  const id = freshId();
  const fail = () => Promise.reject(new Error('busy'));
  const never = { retry: () => Promise.resolve(false) };
  await expect(client.run({ path: 'app.tasks.flaky', id }, 'w1', fail, never)).rejects.toThrow('busy');
  expect(await status(id)).toBe('FAILED');
});

test('the caller says which errors are no outcome of the task', async () => {
  const id = freshId();
  const stop = new AbortController();
  const options = { signal: stop.signal, report: (error: unknown) => (error as Error).name !== 'AbortError' };
  const work = ({ signal }: RunContext) => {
    stop.abort();
    return delay(20_000, undefined, { signal });
  };
  await expect(client.run({ path: 'app.tasks.stopped', id }, 'w1', work, options)).rejects.toThrow('aborted');
  expect(await client.get(id)).toMatchObject({ status: 'RUNNING', errors: [] });
});

/** Whatever it asks about is deleted just before, as it may be at any moment. */
class Unlucky extends TaskResults {
  override async changesSince(...given: Parameters<TaskResults['changesSince']>) {
    await client.delete(given[0]);
    return super.changesSince(...given);
  }
}

test('a success that is recorded is returned, though nothing more can be learnt of it', async () => {
  const unlucky = new Unlucky(fixture.server.address);
  try {
    const result = await unlucky.run({ path: 'app.tasks.add', id: freshId() }, 'w1', () => ({ sum: 3n ** 50n }));
    expect(result).toMatchObject({ status: 'SUCCESSFUL', isFinished: true, attempts: 1, workerIds: ['w1'] });
    expect(result.returnValue).toEqual({ sum: 3n ** 50n });
    expect(result.finishedAt).not.toBeNull();
  } finally {
    unlucky.close();
  }
});

test('a success is returned as it was recorded, though another task has been registered under its id since', async () => {
  const id = freshId();
  /** Before the last question, the result is deleted and another one is created. */
  class Overtaken extends TaskResults {
    override async changesSince(...given: Parameters<TaskResults['changesSince']>) {
      await client.delete(id);
      await client.create({ path: 'app.tasks.another', id });
      return super.changesSince(...given);
    }
  }
  const overtaken = new Overtaken(fixture.server.address);
  try {
    expect(await overtaken.run({ path: 'app.tasks.add', id }, 'w1', () => 3)).toMatchObject({
      task: { path: 'app.tasks.add' },
      status: 'SUCCESSFUL',
      returnValue: 3,
      workerIds: ['w1'],
    });
  } finally {
    overtaken.close();
  }
});

test('a close tells the function of a run, and the loss of its outcome is thrown', async () => {
  const own = new TaskResults(fixture.server.address);
  let reason: unknown;
  const run = own.run({ path: 'app.tasks.closed' }, 'w1', async ({ signal }) => {
    own.close();
    await delay(20_000, undefined, { signal }).catch(() => {});
    reason = signal.reason;
    return 'done';
  });
  await expect(run).rejects.toThrow(CancelledError);
  expect(reason).toMatchObject({ name: 'AbortError', message: 'the client is closed' });
});

describe('a report takes as long as the lease, not as long as a call:', () => {
  const fail = () => Promise.reject(new Error('busy'));

  test.each([
    ['a success', () => 'done', { status: 'SUCCESSFUL', returnValueJson: '"done"' }],
    ['a failure', fail, { status: 'FAILED', errors: [{ message: 'busy' }] }],
  ])('%s reaches a server that was away', async (_, outcome, stored) => {
    const id = freshId();
    const hasty = fixture.client({ timeoutMs: 2_000 });
    const run = hasty.run({ path: 'app.tasks.outage', id }, 'w1', async () => {
      await fixture.server.kill();
      return outcome();
    });
    const settled = Promise.allSettled([run]);
    await delay(5_000);
    await fixture.server.restart();
    await settled;
    expect(await client.get(id)).toMatchObject(stored);
  });

  test('a success reaches a server whose answers were lost for a while', async () => {
    const id = freshId();
    const link = await TappedLink.to(fixture.server.port);
    try {
      const hasty = fixture.client({ target: link.address, timeoutMs: 2_000 });
      let before = Number.POSITIVE_INFINITY;
      const run = hasty.run({ path: 'app.tasks.outage', id }, 'w1', () => {
        before = link.opened;
        link.mute();
        return 'done';
      });
      await until(() => link.opened >= before + 2, 'it was tried again after the time of a call');
      link.mute(false);
      link.cut();
      expect(await run).toMatchObject({ status: 'SUCCESSFUL', returnValue: 'done' });
    } finally {
      await link.close();
    }
  });

  test('and no longer', async () => {
    const id = freshId();
    const hasty = fixture.client({ timeoutMs: 2_000 });
    const run = hasty.run(
      { path: 'app.tasks.outage', id },
      'w1',
      async () => {
        await fixture.server.kill();
        return 'done';
      },
      { leaseMs: 4_000 },
    );
    await expect(run).rejects.toMatchObject({ code: expect.any(Number) });
    await fixture.server.restart();
    expect(await status(id)).toBe('RUNNING');
  });
});

test('what was created anew since it was read is not run, and is left to others', async () => {
  const { id } = await client.create({ path: 'app.tasks.old' });
  /** Between the reading and the start, somebody deletes the result and creates another one. */
  class Overtaken extends TaskResults {
    override async startAttempt(...given: Parameters<TaskResults['startAttempt']>) {
      await client.delete(id);
      await client.create({ path: 'app.tasks.anew', id });
      return super.startAttempt(...given);
    }
  }
  const overtaken = new Overtaken(fixture.server.address);
  const work = jest.fn();
  try {
    await expect(overtaken.run(id, 'w1', work)).rejects.toThrow(StaleAttemptError);
  } finally {
    overtaken.close();
  }
  expect(work).not.toHaveBeenCalled();
  expect(await client.get(id)).toMatchObject({ task: { path: 'app.tasks.anew' }, status: 'READY', attempts: 1 });
});

test('the lease is renewed until the outcome is told', async () => {
  const id = freshId();
  let asked = 0;
  const retry = async () => {
    asked = performance.now();
    await until(async () => performance.now() - asked > 5_000, 'the lease would have run out');
    await expect(client.startAttempt(id, 'w2')).rejects.toThrow(AttemptInProgressError);
    return true;
  };
  const fail = () => Promise.reject(new Error('busy'));
  await expect(client.run({ path: 'app.tasks.slow', id }, 'w1', fail, { leaseMs: 3_000, retry })).rejects.toThrow(
    'busy',
  );
  expect(await client.get(id)).toMatchObject({ status: 'READY', workerIds: ['w1'], errors: [{ message: 'busy' }] });
});
