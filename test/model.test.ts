import { isDeepStrictEqual } from 'node:util';
import { type TaskResult, TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import { WaitTaskResultRequest_Until as WaitUntil } from '@taskresults/protocol/taskresults/v1/task_result_service';
import fc from 'fast-check';
import pino from 'pino';
import { type Calls, callsOf, failedRequest, micros, ms, succeededRequest } from './support/calls';
import { ENGINES, type TemporaryDatabase, temporaryDatabase } from './support/engines';
import { fresh } from './support/fresh';
import { type Modelled, ModelRun, type Move, type Step } from './support/model';
import { refusal } from './support/refusal';
import { serve, type TestService } from './support/service';
import { TestClock } from './support/temporary-store';
import { until } from './support/until';
import { byIds, type OpenWatch, openWatch } from './support/watching';

/** Plain objects: the model compares calls. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

const ID = fc.constantFrom('a', 'b');
const WORKER = fc.constantFrom('w1', 'w2');
/** Leases run out after one or two turns of the clock, never just at one. */
const LEASE = fc.constantFrom(5, 15);
const MAYBE_LEASE: fc.Arbitrary<number | null> = fc.option(LEASE);
const NEAR = fc.constantFrom(0, 0, 0, 0, -1, 1);
/** The present one, the one before, or whichever there is. */
const CREATION: fc.Arbitrary<number | null> = fc.constantFrom(0, 0, -1, null);
const REQUEST: fc.Arbitrary<string | null> = fc.constantFrom(null, null, 'r1', 'r2', 'r3');
const MAYBE_NEAR: fc.Arbitrary<number | null> = fc.option(NEAR);
const MAYBE_MESSAGE: fc.Arbitrary<string | null> = fc.option(fc.constant('x'));

const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: record({
      call: fc.constant('create' as const),
      content: fc.constantFrom('[]', '[]', '[1]'),
      maxAttempts: fc.constantFrom<number | null>(2, 2, null),
    }),
  },
  {
    weight: 6,
    arbitrary: record({
      call: fc.constant('start' as const),
      worker: WORKER,
      lease: MAYBE_LEASE,
      force: fc.constantFrom(false, false, false, true),
      request: REQUEST,
    }),
  },
  {
    weight: 2,
    arbitrary: record({ call: fc.constant('renew' as const), creation: CREATION, attempt: NEAR, lease: LEASE }),
  },
  {
    weight: 1,
    arbitrary: record({
      call: fc.constant('succeed' as const),
      creation: CREATION,
      attempt: NEAR,
      value: fc.constantFrom('1', '1.0'),
    }),
  },
  {
    weight: 4,
    arbitrary: record({
      call: fc.constant('failAttempt' as const),
      creation: CREATION,
      attempt: NEAR,
      retry: fc.constantFrom(true, true, true, false),
      message: fc.constantFrom('x', 'y'),
    }),
  },
  { weight: 1, arbitrary: record({ call: fc.constant('fail' as const), message: MAYBE_MESSAGE }) },
  {
    weight: 2,
    arbitrary: record({
      call: fc.constant('delete' as const),
      creation: CREATION,
      revision: MAYBE_NEAR,
      allowMissing: fc.boolean(),
    }),
  },
);

const MOVES = fc.array(
  fc.oneof<fc.Arbitrary<Move>[]>(
    { weight: 20, arbitrary: record({ id: ID, step: STEP }) } as never,
    { weight: 8, arbitrary: record({ id: ID, again: fc.constant(true as const) }) } as never,
    { weight: 4, arbitrary: record({ clock: fc.constantFrom(10, 10, 10, -30) }) } as never,
  ),
  { minLength: 10, maxLength: 40, size: 'max' },
);

/** A delete through another server is known to a cache only when the change log has been read. */
const NO_CACHE = { cacheBytes: 0 };

test('the sequences reach all that the contract answers', () => {
  const answers = fc.sample(MOVES, { numRuns: 100, seed: 1 }).flatMap((moves) => {
    const model = new ModelRun();
    return moves.map((move) => model.take(move)?.answer);
  });
  expect([...new Set(answers)].filter(Boolean).sort()).toEqual([
    'ATTEMPT_IN_PROGRESS',
    'ILLEGAL_TRANSITION',
    'OK',
    'REVISION_MISMATCH',
    'STALE_ATTEMPT',
    'TASK_RESULT_DOES_NOT_EXIST',
    'TASK_RESULT_EXISTS',
  ]);
});

describe.each(ENGINES)('the service on %s does what the model says', (engine) => {
  // One clock for both replicas, which stands still for as long as nobody moves it.
  const clock = new TestClock();
  let temporary: TemporaryDatabase;
  let services: TestService[] = [];
  /** The calls of each server in turn: on MySQL, two replicas share the database. */
  let calls: Calls;
  beforeAll(async () => {
    temporary = await temporaryDatabase(engine);
    const start = () => serve(temporary.database, NO_CACHE, pino({ level: 'silent' }), () => clock.now);
    services = engine === 'mysql' ? [await start(), await start()] : [await start()];
    const each = services.map((service) => callsOf(service));
    let turn = 0;
    calls = new Proxy({} as Calls, {
      get: (_, name: keyof Calls) => (each[turn++ % each.length] as Calls)[name],
    });
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
    await temporary?.drop();
  });

  test('for any sequence of calls', async () => {
    const limits = { numRuns: 60, interruptAfterTimeLimit: 60_000 };
    await fc.assert(fc.asyncProperty(MOVES, play), limits);
  });

  /** Plays one sequence on ids of its own, comparing after each step. */
  const play = async (moves: readonly Move[]): Promise<void> => {
    const prefix = fresh('run');
    const model = new ModelRun();
    const seen = new Map<string, TaskResult | null>();
    const ids = ['a', 'b'].map((id) => `${prefix} ${id}`);
    incarnations = new Map(ids.map((id) => [id, []]));
    const watches = services.map((service) => new Watched(service, ids));
    const began = clock.now;
    for (const move of moves) {
      if ('clock' in move) clock.now += move.clock * 1_000_000;
      const taken = model.take(move);
      if (!taken) continue;
      const { step, answer, after } = taken;
      const id = `${prefix} ${taken.id}`;
      expect({ step, answer: await answerOf(id, step, after) }).toEqual({ step, answer });
      const before = seen.get(id) ?? null;
      const result = await found(id);
      seen.set(id, result);
      if (result && incarnations.get(id)?.at(-1) !== result.incarnation) incarnations.get(id)?.push(result.incarnation);
      compare(after, result, before);
      if (before) await tellsWhatChanged(id, before, result);
    }
    for (const id of ids)
      await until(() => watches.every((watch) => watch.holds(id, seen.get(id) ?? null)), 'all is told');
    for (const watch of watches) watch.close();
    for (const all of incarnations.values()) expect(all).toEqual([...new Set(all)].sort((a, b) => Number(a - b)));
    // Later runs begin later, whatever this one did to the clock.
    clock.now = Math.max(clock.now, began) + 100_000_000;
  };

  /** By id, the incarnations of its creations in their order. */
  let incarnations: Map<string, bigint[]>;

  /** Refresh and wait, asked with what was known before. */
  const tellsWhatChanged = async (id: string, { incarnation, revision }: TaskResult, now: TaskResult | null) => {
    const known = { incarnation, revision };
    const wait = () => calls.wait({ id, known, until: WaitUntil.UNTIL_CHANGED, timeout: ms(0) });
    if (now === null) {
      expect((await refusal(calls.refresh(id, known))).reason).toBe('TASK_RESULT_DOES_NOT_EXIST');
      expect((await refusal(wait())).reason).toBe('TASK_RESULT_DOES_NOT_EXIST');
      return;
    }
    const isSame = now.incarnation === incarnation && now.revision === revision;
    const expected = isSame ? 'unchanged' : now.incarnation === incarnation ? 'changed' : 'replaced';
    const outcome = await calls.refresh(id, known);
    expect(outcome?.$case).toBe(expected);
    if (outcome?.$case === 'replaced') expect(outcome.value).toEqual(now);
    // A wait without time may be over before it has looked.
    const { taskResult, timedOut } = await wait();
    expect(taskResult).toEqual(now);
    if (isSame) expect(timedOut).toBe(true);
  };

  const answerOf = async (id: string, step: Step, after: Modelled | null): Promise<string> => {
    const calling = send(id, step);
    const failed = await refusal(calling).catch(() => null);
    if (failed) return failed.reason ?? failed.message;
    const state = (await calling).state;
    if (state) {
      expect(state.revision).toBe(BigInt(after?.revision ?? -1));
      expect(state.attempts).toBe(after?.workers.length);
      expect(TaskResultStatus[state.status]).toBe(`TASK_RESULT_STATUS_${after?.status}`);
      expect(state.leaseExpiresAt !== undefined).toBe(after?.leaseEnd !== null);
    }
    return 'OK';
  };

  const send = (id: string, step: Step): Promise<{ state?: Awaited<ReturnType<Calls['create']>>['state'] }> => {
    const error = (message: string) => ({ exceptionClassPath: message, message });
    const incarnation = ('creation' in step && step.creation !== null && incarnations.get(id)?.[step.creation]) || 0n;
    switch (step.call) {
      case 'create':
        return calls.create(id, {
          argsJson: step.content,
          attemptPolicy: step.maxAttempts === null ? undefined : { maxAttempts: step.maxAttempts },
        });
      case 'start':
        return calls.start(id, step.worker, {
          lease: step.lease === null ? undefined : ms(step.lease * 1_000),
          force: step.force,
          requestId: step.request ?? '',
        });
      case 'renew':
        return calls.renew(id, step.attempt, ms(step.lease * 1_000), incarnation);
      case 'succeed':
        return calls.finish({ ...succeededRequest(id, step.attempt, step.value), incarnation });
      case 'failAttempt': {
        const request = failedRequest(id, step.attempt, step.retry, error(step.message));
        return calls.finish({ ...request, incarnation });
      }
      case 'fail':
        return calls.fail(id, step.message === null ? undefined : error(step.message));
      case 'delete':
        return calls.remove(id, {
          version: { incarnation, revision: BigInt(step.revision ?? 0) },
          allowMissing: step.allowMissing,
        }) as Promise<object>;
    }
  };

  /** The result as all ways to read it tell. */
  const found = async (id: string): Promise<TaskResult | null> => {
    const [{ taskResults, notFoundIds }, got] = await Promise.all([
      calls.batchGet([id]),
      calls.get(id).catch(refusalOf),
    ]);
    if (taskResults[0]) {
      expect(got).toEqual(taskResults[0]);
      return taskResults[0];
    }
    expect([notFoundIds, got]).toEqual([[id], 'TASK_RESULT_DOES_NOT_EXIST']);
    return null;
  };
  const refusalOf = async (error: unknown) => (await refusal(Promise.reject(error))).reason;

  const compare = (expected: Modelled | null, found: TaskResult | null, before: TaskResult | null) => {
    if (expected === null || found === null) return expect(found).toBe(expected);
    expect({
      status: TaskResultStatus[found.status],
      revision: Number(found.revision),
      attempts: found.attempts,
      maxAttempts: found.attemptPolicy?.maxAttempts,
      workers: found.workerIds,
      errorCount: found.errorCount,
      errors: found.errors.map(({ attempt, workerId, exceptionClassPath }) => ({
        attempt,
        worker: workerId,
        what: exceptionClassPath,
      })),
      value: found.returnValueJson ?? null,
      content: found.argsJson,
    }).toEqual({
      status: `TASK_RESULT_STATUS_${expected.status}`,
      revision: expected.revision,
      attempts: expected.workers.length,
      maxAttempts: expected.maxAttempts ?? 100,
      workers: expected.workers,
      errorCount: expected.errors.length,
      errors: expected.errors,
      value: expected.value,
      content: expected.content,
    });
    expectSense(found);
    if (before?.incarnation === found.incarnation) expectGrowth(before, found);
  };
});

/** A watch that is open while a sequence is played, and what it should have told. */
class Watched {
  readonly #watch: OpenWatch;

  constructor(service: TestService, ids: readonly string[]) {
    this.#watch = openWatch(service.reads, { target: byIds(...ids), keepOpen: true });
  }

  /**
   * Whether the last that was told of this id is this result, or that there is none. Throws when versions went back.
   */
  holds(id: string, result: TaskResult | null): boolean {
    let latest: TaskResult | null = null;
    let newest = { incarnation: 0n, revision: 0n };
    for (const event of this.#watch.events) {
      if (event.$case === 'snapshot' && event.value.id === id) {
        latest = event.value;
        const { incarnation, revision } = latest;
        const grew = incarnation === newest.incarnation ? revision > newest.revision : incarnation > newest.incarnation;
        expect({ grew, newest, incarnation, revision }).toMatchObject({ grew: true });
        newest = { incarnation, revision };
      } else if (event.$case === 'deleted' && event.value.id === id) {
        expect(event.value.version).toEqual(newest);
        latest = null;
      }
    }
    return isDeepStrictEqual(latest, result);
  }

  close(): void {
    this.#watch.stream.cancel();
  }
}

/** What holds for every result at every time. */
function expectSense(result: TaskResult): void {
  const { startedAt, lastAttemptedAt, finishedAt, enqueuedAt, workerIds, errors, status } = result;
  const successful = status === TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL;
  const finished = successful || status === TaskResultStatus.TASK_RESULT_STATUS_FAILED;
  expect(result.returnValueJson !== undefined).toBe(successful);
  expect(finishedAt !== undefined).toBe(finished);
  expect(startedAt !== undefined).toBe(workerIds.length > 0);
  expect(lastAttemptedAt !== undefined).toBe(workerIds.length > 0);
  const times = [enqueuedAt, startedAt, lastAttemptedAt, finishedAt].flatMap((time) => (time ? [micros(time)] : []));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  const raised = errors.map((error) => micros(error.raisedAt));
  expect(raised).toEqual([...raised].sort((a, b) => a - b));
}

/** What holds between two looks at one result. */
function expectGrowth(before: TaskResult, after: TaskResult): void {
  if (before.finishedAt || before.revision === after.revision) {
    expect(after).toEqual(before);
    return;
  }
  expect(after.revision).toBe(before.revision + 1n);
  expect(after.enqueuedAt).toEqual(before.enqueuedAt);
  if (before.startedAt) expect(after.startedAt).toEqual(before.startedAt);
  expect(after.workerIds.slice(0, before.workerIds.length)).toEqual(before.workerIds);
  expect(after.errors.slice(0, before.errors.length)).toEqual(before.errors);
}
