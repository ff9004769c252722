import {
  ANY_ERROR,
  type Calls,
  callsOf,
  FAILED,
  failedRequest,
  micros,
  ms,
  READY,
  RUNNING,
  SUCCESSFUL,
  succeededRequest,
} from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { refusal, refused } from '../support/refusal';
import { startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { byIds, openWatch } from '../support/watching';

const NOT_FOUND = 'NOT_FOUND TASK_RESULT_DOES_NOT_EXIST';
const ILLEGAL = 'FAILED_PRECONDITION ILLEGAL_TRANSITION';
const STALE = 'FAILED_PRECONDITION STALE_ATTEMPT';
const IN_PROGRESS = 'FAILED_PRECONDITION ATTEMPT_IN_PROGRESS';

describe.each(ENGINES)('the lifecycle on %s', (engine) => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  /** A result with one attempt running. */
  const running = async (lease?: ReturnType<typeof ms>) => {
    const id = fresh();
    await calls.create(id);
    await calls.start(id, 'w1', { lease });
    return id;
  };

  test('a new result is READY, with everything as given and defaults for the rest', async () => {
    const id = fresh();
    const before = Date.now() * 1_000;
    const { state } = await calls.create(id);
    expect(state).toMatchObject({ id, status: READY, revision: 1n, attempts: 0, startedAt: undefined });
    const result = await calls.get(id);
    expect(result).toEqual({
      id,
      task: {
        path: 'app.tasks.send_mail',
        priority: 0,
        queueName: 'default',
        runAfter: undefined,
        takesContext: false,
      },
      status: READY,
      enqueuedAt: state?.enqueuedAt,
      startedAt: undefined,
      lastAttemptedAt: undefined,
      finishedAt: undefined,
      argsJson: '[]',
      kwargsJson: '{}',
      backend: 'default',
      attemptPolicy: { maxAttempts: 100 },
      attempts: 0,
      errorCount: 0,
      errors: [],
      workerIds: [],
      returnValueJson: undefined,
      metadata: new Map(),
      incarnation: expect.any(BigInt),
      revision: 1n,
      expiresAt: undefined,
    });
    expect(micros(result.enqueuedAt)).toBeGreaterThan(before - 5_000);
    expect(micros(result.enqueuedAt)).toBeLessThan(Date.now() * 1_000 + 5_000);
  });

  test('the server makes an id when none is given: a UUIDv7, another one each time', async () => {
    const [one, other] = await Promise.all([calls.create(''), calls.create('')]);
    expect(one.state?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(other.state?.id).not.toBe(one.state?.id);
    expect((await calls.get(one.state?.id as string)).status).toBe(READY);
  });

  test('create: the same again is OK, other content is refused', async () => {
    const id = await running();
    expect((await calls.create(id)).state).toMatchObject({ id, status: RUNNING, revision: 2n });
    expect(await refused(calls.create(id, { argsJson: '[1]' }))).toBe('ALREADY_EXISTS TASK_RESULT_EXISTS');
    expect(await calls.get(id)).toMatchObject({ argsJson: '[]', revision: 2n });
  });

  test('start: READY → RUNNING, and answers the number of the attempt', async () => {
    const id = fresh();
    await calls.create(id);
    const { attempt, state } = await calls.start(id, 'w1', { lease: ms(60_000) });
    expect(attempt).toBe(1);
    expect(state).toMatchObject({ status: RUNNING, revision: 2n, attempts: 1 });
    expect(micros(state?.leaseExpiresAt) - micros(state?.startedAt)).toBe(60_000_000);
    expect(await calls.get(id)).toMatchObject({ workerIds: ['w1'], startedAt: state?.startedAt });
  });

  test('start: the same request is the same attempt, any other is refused, also of the same worker', async () => {
    const id = fresh();
    await calls.create(id);
    const first = await calls.start(id, 'w1', { requestId: 'r1' });
    expect(await calls.start(id, 'w1', { requestId: 'r1' })).toEqual(first);
    for (const requestId of ['', 'r2']) expect(await refused(calls.start(id, 'w1', { requestId }))).toBe(IN_PROGRESS);
    expect((await calls.get(id)).workerIds).toEqual(['w1']);
  });

  test('start: a late repetition starts nothing, neither after a retry nor after another attempt', async () => {
    const id = fresh();
    await calls.create(id);
    await calls.start(id, 'w1', { requestId: 'r1' });
    await calls.failAttempt(id, 1, true);
    expect(await calls.start(id, 'w1', { requestId: 'r1' })).toMatchObject({ attempt: 1, state: { status: READY } });
    expect((await calls.start(id, 'w2', { requestId: 'r2' })).attempt).toBe(2);
    await calls.failAttempt(id, 2, true);
    expect(await refused(calls.start(id, 'w1', { requestId: 'r1' }))).toBe(STALE);
    expect((await calls.get(id)).workerIds).toEqual(['w1', 'w2']);
  });

  test('the late finish of an attempt never finishes the result that was created anew', async () => {
    const id = fresh();
    const old = (await calls.create(id)).state?.incarnation as bigint;
    await calls.start(id, 'w1');
    await calls.remove(id);
    const anew = (await calls.create(id, { argsJson: '["anew"]' })).state?.incarnation as bigint;
    expect(anew).toBeGreaterThan(old);
    expect((await calls.start(id, 'w2')).state?.incarnation).toBe(anew);
    const late = [
      calls.finish({ ...succeededRequest(id, 1, '"old"'), incarnation: old }),
      calls.finish({ ...failedRequest(id), incarnation: old }),
      calls.renew(id, 1, ms(1_000), old),
    ];
    for (const call of late) expect(await refused(call)).toBe(STALE);
    await calls.finish({ ...succeededRequest(id, 1, '"new"'), incarnation: anew });
    expect(await calls.get(id)).toMatchObject({ incarnation: anew, returnValueJson: '"new"', workerIds: ['w2'] });
  });

  test('start: with force the lost attempt leaves an error, and its worker is too late', async () => {
    const id = await running(ms(60_000));
    expect(await calls.start(id, 'w2', { force: true })).toMatchObject({ attempt: 2, state: { revision: 3n } });
    expect(await calls.get(id)).toMatchObject({
      status: RUNNING,
      workerIds: ['w1', 'w2'],
      errors: [{ exceptionClassPath: 'taskresults.AttemptReplaced', attempt: 1, workerId: 'w1' }],
    });
    expect(await refused(calls.succeed(id, 1))).toBe(STALE);
    expect(await refused(calls.failAttempt(id, 1))).toBe(STALE);
    expect(await refused(calls.renew(id, 1, ms(1_000)))).toBe(STALE);
    expect((await calls.succeed(id, 2)).state?.status).toBe(SUCCESSFUL);
  });

  test('start: after the lease has run out the task is free', async () => {
    const id = await running(ms(1));
    await until(async () => (await calls.start(id, 'w2').catch(() => null)) !== null, 'the lease runs out');
    expect(await calls.get(id)).toMatchObject({
      workerIds: ['w1', 'w2'],
      errors: [{ exceptionClassPath: 'taskresults.LeaseExpired', attempt: 1, workerId: 'w1' }],
    });
  });

  test('renew: moves the end of the lease, and not the revision', async () => {
    const id = await running(ms(1));
    const { state } = await calls.renew(id, 1, ms(7 * 24 * 3_600_000));
    expect(state).toMatchObject({ status: RUNNING, revision: 2n, attempts: 1 });
    expect(await refused(calls.start(id, 'w2'))).toBe(IN_PROGRESS);
  });

  test('succeed: RUNNING → SUCCESSFUL', async () => {
    const id = await running(ms(60_000));
    const { state } = await calls.succeed(id, 1, ' {"a": 1.0} ');
    expect(state).toMatchObject({ status: SUCCESSFUL, revision: 3n, attempts: 1, leaseExpiresAt: undefined });
    const result = await calls.get(id);
    expect(result).toMatchObject({ returnValueJson: ' {"a": 1.0} ', errors: [], finishedAt: state?.finishedAt });
    expect(micros(result.finishedAt)).toBeGreaterThanOrEqual(micros(result.startedAt));
  });

  test('succeed: without a value the task returned null', async () => {
    const id = await running();
    await calls.succeed(id, 1, '');
    expect((await calls.get(id)).returnValueJson).toBe('null');
  });

  test('fail the attempt: RUNNING → FAILED', async () => {
    const id = await running();
    const { state } = await calls.failAttempt(id, 1);
    expect(state).toMatchObject({ status: FAILED, revision: 3n });
    expect(await calls.get(id)).toMatchObject({
      status: FAILED,
      returnValueJson: undefined,
      errors: [{ ...ANY_ERROR, attempt: 1, workerId: 'w1', raisedAt: state?.finishedAt }],
    });
  });

  test('fail the attempt, to be retried: RUNNING → READY, and the next attempt may succeed', async () => {
    const id = await running();
    const first = (await calls.get(id)).startedAt;
    expect((await calls.failAttempt(id, 1, true)).state).toMatchObject({ status: READY, finishedAt: undefined });
    expect((await calls.start(id, 'w1')).attempt).toBe(2);
    await calls.succeed(id, 2, '1');
    const result = await calls.get(id);
    expect(result).toMatchObject({ status: SUCCESSFUL, workerIds: ['w1', 'w1'], startedAt: first, revision: 5n });
    expect(result.errors).toHaveLength(1);
    expect(micros(result.lastAttemptedAt)).toBeGreaterThan(micros(first));
  });

  test('the number, worker and time of an error are the server’s', async () => {
    const id = await running();
    const raisedAt = { seconds: 1n, nanos: 0 };
    await calls.failAttempt(id, 1, false, { ...ANY_ERROR, attempt: 7, workerId: 'liar', raisedAt });
    const [error] = (await calls.get(id)).errors;
    expect(error).toMatchObject({ attempt: 1, workerId: 'w1' });
    expect(micros(error?.raisedAt)).toBeGreaterThan(2_000_000);
  });

  test('fail unstarted: READY → FAILED, with an error or without', async () => {
    const [silent, loud] = [fresh(), fresh()];
    await calls.create(silent);
    await calls.create(loud);
    expect((await calls.fail(silent)).state).toMatchObject({ status: FAILED, revision: 2n, attempts: 0 });
    await calls.fail(loud, ANY_ERROR);
    expect((await calls.get(silent)).errors).toEqual([]);
    expect((await calls.get(loud)).errors).toMatchObject([{ ...ANY_ERROR, attempt: 0, workerId: '' }]);
    expect(await refused(calls.fail(await running()))).toBe(ILLEGAL);
  });

  test('the failure of the last attempt is final, though it asks for another', async () => {
    const id = fresh();
    await calls.create(id, { attemptPolicy: { maxAttempts: 2 } });
    await calls.start(id);
    expect((await calls.failAttempt(id, 1, true)).state).toMatchObject({ status: READY });
    await calls.start(id);
    const { state } = await calls.failAttempt(id, 2, true);
    expect(state).toMatchObject({ status: FAILED, attempts: 2 });
    expect((await calls.failAttempt(id, 2, true)).state).toEqual(state);
    expect(await refused(calls.start(id))).toBe(ILLEGAL);
    const numbers = { attempts: 2, errorCount: 2, attemptPolicy: { maxAttempts: 2 } };
    expect(await calls.get(id)).toMatchObject({ status: FAILED, ...numbers, finishedAt: state?.finishedAt });
  });

  test('the loss of the last attempt is final: whoever finds it is refused, and watchers are told', async () => {
    const id = fresh();
    await calls.create(id, { attemptPolicy: { maxAttempts: 1 } });
    await calls.start(id, 'w1', { lease: ms(1) });
    const { events } = openWatch(service.reads, { target: byIds(id) });
    await until(() => events.length === 1, 'the attempt is seen');
    await until(async () => (await refused(calls.start(id, 'w2'))) === ILLEGAL, 'its lease has run out');
    await until(() => events.at(-1)?.$case === 'end', 'the end is told');
    const result = await calls.get(id);
    expect(result).toMatchObject({ status: FAILED, attempts: 1, workerIds: ['w1'], revision: 3n });
    expect(result.errors).toMatchObject([{ exceptionClassPath: 'taskresults.LeaseExpired', workerId: 'w1' }]);
    expect(events[1]).toEqual({ $case: 'snapshot', value: result });
    expect(await refused(calls.start(id, 'w2'))).toBe(ILLEGAL);
    expect(await refused(calls.succeed(id))).toBe(ILLEGAL);
  });

  test('every call may be repeated after a lost answer', async () => {
    const id = fresh();
    const history: (() => Promise<{ state?: unknown }>)[] = [
      () => calls.create(id),
      () => calls.start(id, 'w1', { lease: ms(60_000), requestId: 'r1' }),
      () => calls.failAttempt(id, 1, true),
      () => calls.start(id, 'w2', { requestId: 'r2' }),
      () => calls.succeed(id, 2, '42'),
    ];
    for (const step of history) expect((await step()).state).toEqual((await step()).state);
    expect(await calls.get(id)).toMatchObject({ revision: 5n, workerIds: ['w1', 'w2'] });
  });

  test('a finished result never changes again', async () => {
    const id = await running();
    await calls.succeed(id, 1, '42');
    const before = await calls.get(id);
    for (const attempt of [1, 2]) {
      expect(await refused(calls.succeed(id, attempt, '43'))).toBe(ILLEGAL);
      expect(await refused(calls.failAttempt(id, attempt))).toBe(ILLEGAL);
      expect(await refused(calls.renew(id, attempt, ms(1_000)))).toBe(ILLEGAL);
    }
    expect(await refused(calls.start(id, 'w2', { force: true }))).toBe(ILLEGAL);
    expect(await refused(calls.fail(id, ANY_ERROR))).toBe(ILLEGAL);
    expect(await calls.get(id)).toEqual(before);
  });

  test('delete: in any state, of the version asked for', async () => {
    const id = await running();
    const { incarnation } = await calls.get(id);
    for (const version of [
      { incarnation, revision: 1n },
      { incarnation: incarnation - 1n, revision: 2n },
      { incarnation: incarnation + 1n },
    ]) {
      expect(await refused(calls.remove(id, { version }))).toBe('ABORTED REVISION_MISMATCH');
    }
    expect((await refusal(calls.remove(id, { version: { revision: 2n } }))).fields).toEqual(['version.incarnation']);
    await calls.remove(id, { version: { incarnation, revision: 2n } });
    expect(await refused(calls.get(id))).toBe(NOT_FOUND);
    expect(await refused(calls.remove(id))).toBe(NOT_FOUND);
    await calls.remove(id, { allowMissing: true });
    expect((await calls.create(id, { argsJson: '["anew"]' })).state).toMatchObject({ revision: 1n, status: READY });
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['start', (id) => calls.start(id)],
    ['renew', (id) => calls.renew(id, 1, ms(1_000))],
    ['succeed', (id) => calls.succeed(id)],
    ['fail the attempt', (id) => calls.failAttempt(id)],
    ['fail unstarted', (id) => calls.fail(id)],
    ['delete', (id) => calls.remove(id)],
  ])('%s: nothing has this id', async (_what, attempt) => {
    expect(await refused(attempt(fresh('missing')))).toBe(NOT_FOUND);
  });

  test('ids are case-sensitive and keep their spaces', async () => {
    const id = fresh('Case');
    await calls.create(id);
    for (const other of [id.toLowerCase(), `${id} `, ` ${id}`]) expect(await refused(calls.get(other))).toBe(NOT_FOUND);
  });

  test('many calls at once, each of them answered', async () => {
    const ids = Array.from({ length: 100 }, () => fresh());
    await Promise.all(ids.map((id) => calls.create(id)));
    const starts = await Promise.allSettled(ids.flatMap((id) => ['w1', 'w2'].map((worker) => calls.start(id, worker))));
    expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    await Promise.all(ids.map((id, i) => calls.succeed(id, 1, String(i))));
    const { taskResults } = await calls.batchGet(ids);
    expect(taskResults.map(({ returnValueJson }) => returnValueJson)).toEqual(ids.map((_, i) => String(i)));
  });
});

test('retention says when a result may go', async () => {
  const service = await startOn('sqlite', { retention: { afterFinish: 3_600_000_000 } });
  try {
    const calls = callsOf(service);
    await calls.create('a');
    expect((await calls.get('a')).expiresAt).toBeUndefined();
    await calls.fail('a');
    const { expiresAt, finishedAt } = await calls.get('a');
    expect(micros(expiresAt) - micros(finishedAt)).toBe(3_600_000_000);
  } finally {
    await service.stop();
  }
});
