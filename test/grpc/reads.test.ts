import { BASIC, type Calls, callsOf, FULL, idsOf, READY, RUNNING, SUCCESSFUL } from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { refusal, refused } from '../support/refusal';
import { startOn, type TestService } from '../support/service';

const NOT_FOUND = 'NOT_FOUND TASK_RESULT_DOES_NOT_EXIST';
const MIB = 1024 * 1024;

describe.each(ENGINES)('reading on %s', (engine) => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  describe('GetTaskResult', () => {
    test('gives back what was given, byte for byte', async () => {
      const given = {
        task: {
          path: 'App.Tasks.send_😀',
          priority: -100,
          queueName: 'Mail ',
          runAfter: { seconds: 9_007_199_254n, nanos: 740_991_000 },
          takesContext: true,
        },
        argsJson: ' [12345678901234567890123, 1.0, "\\u0000\\ud800", "😀"] ',
        kwargsJson: '{"b": 1, "a": 1, "b": 2}',
        backend: 'Backend',
        metadata: new Map([
          ['__proto__', 'x'],
          ['', 'never'],
        ]),
      };
      given.metadata.delete('');
      expect(await calls.get(await calls.created(given))).toMatchObject(given);
    });

    test('run_after is cut to microseconds', async () => {
      const id = await calls.created({ task: { path: 'p', runAfter: { seconds: 1n, nanos: 1_999 } } });
      expect((await calls.get(id)).task?.runAfter).toEqual({ seconds: 1n, nanos: 1_000 });
    });

    test('BASIC leaves out arguments, return value and tracebacks', async () => {
      const id = await calls.created({ argsJson: '[1]', kwargsJson: '{"a":1}' });
      await calls.start(id);
      await calls.failAttempt(id, 1, true);
      await calls.start(id, 'w2');
      await calls.succeed(id, 2, '42');
      const whole = await calls.get(id);
      expect(await calls.get(id, { view: BASIC })).toEqual({
        ...whole,
        argsJson: '',
        kwargsJson: '',
        returnValueJson: undefined,
        errors: whole.errors.map((error) => ({ ...error, traceback: '' })),
        workerIds: ['w2'],
      });
    });

    test('a result of another task than expected is a mismatch', async () => {
      const id = await calls.created({ task: { path: 'app.tasks.one' } });
      expect(await calls.get(id, { expectedTaskPath: 'app.tasks.one' })).toMatchObject({ id });
      const other = calls.get(id, { expectedTaskPath: 'app.tasks.One' });
      expect(await refused(other)).toBe('FAILED_PRECONDITION TASK_RESULT_MISMATCH');
      expect(await refused(calls.get(fresh('missing'), { expectedTaskPath: 'app.tasks.one' }))).toBe(NOT_FOUND);
    });
  });

  describe('BatchGetTaskResults', () => {
    test('answers in the order asked, once for each id, and what it has not found', async () => {
      const [a, b, c] = [await calls.created(), await calls.created(), await calls.created()];
      const answer = await calls.batchGet([c, 'missing 2', a, c, 'missing 1', b, a, 'missing 2']);
      expect(idsOf(answer)).toEqual([c, a, b]);
      expect(answer.notFoundIds).toEqual(['missing 2', 'missing 1']);
      expect(answer.deferredIds).toEqual([]);
    });

    test('defers what would pass 3 MiB; asking again gives the rest', async () => {
      const asked = await Promise.all(
        Array.from({ length: 7 }, () => calls.created({ argsJson: `["${'x'.repeat(MIB - 4)}"]` })),
      );
      const first = await calls.batchGet(asked);
      expect(idsOf(first).length).toBeGreaterThanOrEqual(2);
      expect([...idsOf(first), ...first.deferredIds]).toEqual(asked);
      const seen = idsOf(first);
      for (let rest = first.deferredIds; rest.length > 0; ) {
        const next = await calls.batchGet(rest);
        expect(next.taskResults.length).toBeGreaterThan(0);
        seen.push(...idsOf(next));
        rest = next.deferredIds;
      }
      expect(seen).toEqual(asked);
      expect((await calls.batchGet(asked, BASIC)).deferredIds).toEqual([]);
    });

    test('one that passes 3 MiB by itself is answered alone', async () => {
      const text = 'x'.repeat(MIB - 10);
      const metadata = new Map(Array.from({ length: 32 }, (_, i) => [`${i}`.padEnd(63, 'n'), 'v'.repeat(255)]));
      const id = await calls.created({ argsJson: `["${text}"]`, metadata });
      const [message, traceback] = ['m'.repeat(64 * 1024), 't'.repeat(256 * 1024)];
      for (const [i, error] of [{ message: 'm'.repeat(60_000) }, ...Array(3).fill({ message, traceback })].entries()) {
        await calls.start(id);
        await calls.failAttempt(id, i + 1, true, { exceptionClassPath: 'E', ...error });
      }
      await calls.start(id);
      await calls.succeed(id, 5, `"${text}"`);
      const small = await calls.created();
      expect(await calls.batchGet([id, small])).toMatchObject({ taskResults: [{ id }], deferredIds: [small] });
      const filter = { statuses: [SUCCESSFUL], workerId: 'w1' };
      expect(idsOf(await calls.list({ pageSize: 2, filter, view: FULL }))).toContain(id);
    });

    test('1,000 at once', async () => {
      const made = await Promise.all(Array.from({ length: 300 }, () => calls.created()));
      const missing = Array.from({ length: 700 }, (_, i) => `missing ${i}`);
      const answer = await calls.batchGet([...missing, ...made]);
      expect(idsOf(answer)).toEqual(made);
      expect(answer.notFoundIds).toEqual(missing);
    });
  });

  test('answers that are under way together, large and small, do not run into each other', async () => {
    const texts = Array.from({ length: 20 }, (_, i) => JSON.stringify(`${i % 10}`.repeat(i % 2 ? 200 * 1024 : 20)));
    const made = await Promise.all(texts.map((text) => calls.created({ argsJson: `[${text}]` })));
    const answers = await Promise.all(made.flatMap((id) => [calls.get(id), calls.get(id, { view: BASIC })]));
    expect(answers.map(({ id, argsJson }) => [id, argsJson])).toEqual(
      made.flatMap((id, i) => [
        [id, `[${texts[i]}]`],
        [id, ''],
      ]),
    );
    const batches = await Promise.all(made.map((id, i) => calls.batchGet([id, made[i - 1] ?? id])));
    expect(batches.map(({ taskResults: [one] }) => one?.argsJson)).toEqual(texts.map((text) => `[${text}]`));
  });

  test('what only labels make large is deferred, or on the next page, too: answers stop at 3 MiB', async () => {
    const path = fresh('labelled');
    const metadata = new Map(Array.from({ length: 32 }, (_, i) => [`${i}`.padEnd(63, 'n'), 'v'.repeat(255)]));
    const asked = await Promise.all(Array.from({ length: 450 }, () => calls.created({ task: { path }, metadata })));

    const batch = await calls.batchGet(asked);
    expect(batch.deferredIds.length).toBeGreaterThan(0);
    expect([...idsOf(batch), ...batch.deferredIds]).toEqual(asked);

    const refreshed = await calls.batchRefresh(asked.map((id) => ({ id })));
    expect([...refreshed.replaced.map(({ id }) => id), ...refreshed.deferredIds]).toEqual(asked);

    const first = await calls.list({ pageSize: 1_000, filter: { taskPath: path } });
    const second = await calls.list({ pageSize: 1_000, filter: { taskPath: path }, pageToken: first.nextPageToken });
    expect([...idsOf(first), ...idsOf(second)].sort()).toEqual([...asked].sort());
    expect(second.nextPageToken).toBe('');
  });

  describe('RefreshTaskResult', () => {
    test('says that nothing has changed, or all that can have', async () => {
      const id = await calls.created({ metadata: new Map([['a', 'b']]) });
      const { incarnation } = await calls.get(id);
      const refresh = (revision: number) => calls.refresh(id, { incarnation, revision: BigInt(revision) });
      expect(await refresh(1)).toEqual({ $case: 'unchanged', value: {} });
      await calls.start(id);
      await calls.failAttempt(id, 1, true);
      await calls.start(id, 'w2');
      await calls.succeed(id, 2, '42');
      const whole = await calls.get(id);
      const noTask = { task: undefined, argsJson: '', kwargsJson: '', backend: '', attemptPolicy: undefined };
      const constant = { ...noTask, enqueuedAt: undefined };
      for (const known of [0, 1, 4, 6])
        expect(await refresh(known)).toEqual({ $case: 'changed', value: { ...whole, ...constant } });
      expect(await refresh(5)).toMatchObject({ $case: 'unchanged' });
      for (const known of [undefined, { incarnation: incarnation - 1n, revision: 5n }])
        expect(await calls.refresh(id, known)).toEqual({ $case: 'replaced', value: whole });
    });

    test('tells a result that was created anew from the known one, also at the same revision', async () => {
      const id = await calls.created();
      const { incarnation } = await calls.get(id);
      await calls.remove(id);
      await calls.create(id, { argsJson: '["anew"]' });
      const whole = await calls.get(id);
      expect(whole.incarnation).toBeGreaterThan(incarnation);
      expect(await calls.refresh(id, { incarnation, revision: 1n })).toEqual({ $case: 'replaced', value: whole });
      const { unchangedIds, replaced } = await calls.batchRefresh([{ id, known: { incarnation, revision: 1n } }]);
      expect([unchangedIds, replaced]).toEqual([[], [whole]]);
    });

    test('leaves out what the view leaves out', async () => {
      const id = await calls.created({ argsJson: '[1]' });
      const { incarnation } = await calls.get(id);
      await calls.start(id);
      await calls.succeed(id, 1, '42');
      const known = { incarnation, revision: 1n };
      expect(await calls.refresh(id, known, BASIC)).toMatchObject({ value: { returnValueJson: undefined } });
      expect(await calls.refresh(id, undefined, BASIC)).toMatchObject({ value: { argsJson: '', backend: 'default' } });
      const { changed } = await calls.batchRefresh([{ id, known }], BASIC);
      expect(changed).toMatchObject([{ revision: 3n, returnValueJson: undefined }]);
    });

    test('a revision needs its incarnation', async () => {
      const id = await calls.created();
      const { fields } = await refusal(calls.refresh(id, { incarnation: 0n, revision: 1n }));
      expect(fields).toEqual(['known.incarnation']);
    });

    test('tells that a result is gone', async () => {
      const id = await calls.created();
      const { incarnation } = await calls.get(id);
      await calls.remove(id);
      expect(await refused(calls.refresh(id, { incarnation, revision: 1n }))).toBe(NOT_FOUND);
    });

    test('sees what another call has just written, every time', async () => {
      const id = await calls.created();
      const { incarnation } = await calls.get(id);
      const refresh = (revision: number) => calls.refresh(id, { incarnation, revision: BigInt(revision) });
      for (let attempt = 1; attempt <= 10; attempt++) {
        await calls.start(id);
        expect(await refresh(2 * attempt - 1)).toMatchObject({ value: { status: RUNNING } });
        await calls.failAttempt(id, attempt, true);
        expect(await refresh(2 * attempt)).toMatchObject({ value: { status: READY } });
      }
    });
  });

  describe('BatchRefreshTaskResults', () => {
    test('puts each id into one list, in the order asked, by its first place', async () => {
      const [same, changed, other] = [await calls.created(), await calls.created(), await calls.created()];
      await calls.start(changed);
      const incarnations = new Map<string, bigint>();
      for (const { id, incarnation } of (await calls.batchGet([same, changed])).taskResults)
        incarnations.set(id, incarnation);
      const known = (id: string, revision: number) => {
        return { id, known: { incarnation: incarnations.get(id) ?? 1n, revision: BigInt(revision) } };
      };
      const answer = await calls.batchRefresh([
        known('missing', 1),
        known(changed, 1),
        known(same, 1),
        { id: other },
        { id: same },
        known(changed, 2),
      ]);
      expect(answer.changed).toMatchObject([{ id: changed, revision: 2n, status: RUNNING, workerIds: ['w1'] }]);
      expect(answer.replaced).toMatchObject([{ id: other, revision: 1n, backend: 'default' }]);
      expect(answer.unchangedIds).toEqual([same]);
      expect(answer.notFoundIds).toEqual(['missing']);
      expect(answer.deferredIds).toEqual([]);
    });
  });
});
