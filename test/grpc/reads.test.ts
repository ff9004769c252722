import type { ListTaskResultsResponse } from '../../src/gen/taskresults/v1/task_result_service';
import { at, BASIC, type Calls, callsOf, FAILED, micros, READY, RUNNING, SUCCESSFUL } from '../support/calls';
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

  const created = async (given: Parameters<Calls['create']>[1] = {}) => {
    const id = fresh();
    await calls.create(id, given);
    return id;
  };
  const ids = ({ taskResults }: Pick<ListTaskResultsResponse, 'taskResults'>) => taskResults.map(({ id }) => id);

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
      expect(await calls.get(await created(given))).toMatchObject(given);
    });

    test('run_after is cut to microseconds', async () => {
      const id = await created({ task: { path: 'p', runAfter: { seconds: 1n, nanos: 1_999 } } });
      expect((await calls.get(id)).task?.runAfter).toEqual({ seconds: 1n, nanos: 1_000 });
    });

    test('BASIC leaves out arguments, return value and tracebacks', async () => {
      const id = await created({ argsJson: '[1]', kwargsJson: '{"a":1}' });
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
      });
    });

    test('a result of another task than expected is a mismatch', async () => {
      const id = await created({ task: { path: 'app.tasks.one' } });
      expect(await calls.get(id, { expectedTaskPath: 'app.tasks.one' })).toMatchObject({ id });
      const other = calls.get(id, { expectedTaskPath: 'app.tasks.One' });
      expect(await refused(other)).toBe('FAILED_PRECONDITION TASK_RESULT_MISMATCH');
      expect(await refused(calls.get(fresh('missing'), { expectedTaskPath: 'app.tasks.one' }))).toBe(NOT_FOUND);
    });
  });

  describe('BatchGetTaskResults', () => {
    test('answers in the order asked, once for each id, and what it has not found', async () => {
      const [a, b, c] = [await created(), await created(), await created()];
      const answer = await calls.batchGet([c, 'missing 2', a, c, 'missing 1', b, a, 'missing 2']);
      expect(ids(answer)).toEqual([c, a, b]);
      expect(answer.notFoundIds).toEqual(['missing 2', 'missing 1']);
      expect(answer.deferredIds).toEqual([]);
    });

    test('defers what would pass 3 MiB; asking again gives the rest', async () => {
      const asked = await Promise.all(
        Array.from({ length: 7 }, () => created({ argsJson: `["${'x'.repeat(MIB - 4)}"]` })),
      );
      const first = await calls.batchGet(asked);
      expect(ids(first).length).toBeGreaterThanOrEqual(2);
      expect([...ids(first), ...first.deferredIds]).toEqual(asked);
      const seen = ids(first);
      for (let rest = first.deferredIds; rest.length > 0; ) {
        const next = await calls.batchGet(rest);
        expect(next.taskResults.length).toBeGreaterThan(0);
        seen.push(...ids(next));
        rest = next.deferredIds;
      }
      expect(seen).toEqual(asked);
      expect((await calls.batchGet(asked, BASIC)).deferredIds).toEqual([]);
    });

    test('one that passes 3 MiB by itself is answered alone', async () => {
      const text = 'x'.repeat(MIB - 10);
      const id = await created({ argsJson: `["${text}"]`, kwargsJson: `{"a":"${text}"}` });
      await calls.start(id);
      await calls.failAttempt(id, 1, true, { exceptionClassPath: 'E', traceback: 'x'.repeat(256 * 1024) });
      await calls.start(id);
      await calls.succeed(id, 2, `"${text}"`);
      const small = await created();
      expect(await calls.batchGet([id, small])).toMatchObject({ taskResults: [{ id }], deferredIds: [small] });
      expect(ids(await calls.list({ pageSize: 2, filter: { statuses: [SUCCESSFUL], workerId: 'w1' } }))).toContain(id);
    });

    test('1,000 at once', async () => {
      const made = await Promise.all(Array.from({ length: 300 }, () => created()));
      const missing = Array.from({ length: 700 }, (_, i) => `missing ${i}`);
      const answer = await calls.batchGet([...missing, ...made]);
      expect(ids(answer)).toEqual(made);
      expect(answer.notFoundIds).toEqual(missing);
    });
  });

  describe('RefreshTaskResult', () => {
    test('says that nothing has changed, or all that can have', async () => {
      const id = await created({ metadata: new Map([['a', 'b']]) });
      expect(await calls.refresh(id, 1)).toEqual({ $case: 'unchanged', value: {} });
      await calls.start(id);
      await calls.failAttempt(id, 1, true);
      await calls.start(id, 'w2');
      await calls.succeed(id, 2, '42');
      const { id: _id, task, argsJson, kwargsJson, backend, ...changing } = await calls.get(id);
      for (const known of [0, 1, 4, 6])
        expect(await calls.refresh(id, known)).toEqual({ $case: 'update', value: changing });
      expect(await calls.refresh(id, 5)).toMatchObject({ $case: 'unchanged' });
    });

    test('tells that a result is gone', async () => {
      const id = await created();
      await calls.remove(id);
      expect(await refused(calls.refresh(id, 1))).toBe(NOT_FOUND);
    });

    test('sees what another call has just written, every time', async () => {
      const id = await created();
      for (let attempt = 1; attempt <= 10; attempt++) {
        await calls.start(id);
        expect(await calls.refresh(id, 2 * attempt - 1)).toMatchObject({ value: { status: RUNNING } });
        await calls.failAttempt(id, attempt, true);
        expect(await calls.refresh(id, 2 * attempt)).toMatchObject({ value: { status: READY } });
      }
    });
  });

  describe('BatchRefreshTaskResults', () => {
    test('puts each id into one list, in the order asked, by its first place', async () => {
      const [same, changed, other] = [await created(), await created(), await created()];
      await calls.start(changed);
      const answer = await calls.batchRefresh([
        ['missing', 1],
        [changed, 1],
        [same, 1],
        [other, 0],
        [same, 0],
        [changed, 2],
      ]);
      expect(answer.updated).toMatchObject([
        { id: changed, update: { revision: 2n, status: RUNNING, workerIds: ['w1'] } },
        { id: other, update: { revision: 1n } },
      ]);
      expect(answer.unchangedIds).toEqual([same]);
      expect(answer.notFoundIds).toEqual(['missing']);
      expect(answer.deferredIds).toEqual([]);
    });
  });

  describe('ListTaskResults', () => {
    /** All pages, and that each but the last is `pageSize` long. */
    const pages = async (request: Parameters<Calls['list']>[0] & { pageSize: number }) => {
      const seen: string[] = [];
      for (let pageToken = ''; ; ) {
        const page = await calls.list({ ...request, pageToken });
        seen.push(...ids(page));
        pageToken = page.nextPageToken;
        if (pageToken === '') return seen;
        expect(page.taskResults).toHaveLength(request.pageSize);
      }
    };
    /** Some results of a task of their own. */
    const several = async (count: number) => {
      const path = fresh('app.tasks.list');
      const made: string[] = [];
      for (let i = 0; i < count; i++) made.push(await created({ task: { path } }));
      return { filter: { taskPath: path }, newestFirst: made.reverse() };
    };

    test('newest first, in pages; the last page has no token', async () => {
      const { filter, newestFirst } = await several(7);
      for (const pageSize of [1, 2, 3, 6, 7, 8, 1_000]) {
        expect(await pages({ filter, pageSize })).toEqual(newestFirst);
      }
    });

    test('50 when no page size is given', async () => {
      const path = fresh('app.tasks.list');
      await Promise.all(Array.from({ length: 51 }, () => created({ task: { path } })));
      const page = await calls.list({ filter: { taskPath: path } });
      expect(page.taskResults).toHaveLength(50);
      expect(
        (await calls.list({ filter: { taskPath: path }, pageToken: page.nextPageToken })).taskResults,
      ).toHaveLength(1);
    });

    test('nothing matches: an empty page and no token', async () => {
      expect(await calls.list({ filter: { taskPath: fresh('nobody') } })).toEqual({
        taskResults: [],
        nextPageToken: '',
      });
    });

    test('what comes or goes between two pages makes no other appear twice or be left out', async () => {
      const { filter, newestFirst } = await several(6);
      const page = await calls.list({ filter, pageSize: 2 });
      await created({ task: { path: filter.taskPath } });
      await calls.remove(newestFirst[1] as string); // the very result that the token points behind
      await calls.remove(newestFirst[3] as string);
      const rest = await calls.list({ filter, pageSize: 10, pageToken: page.nextPageToken });
      expect(ids(rest)).toEqual([2, 4, 5].map((i) => newestFirst[i]));
    });

    test('a token is good for its own filter only, and only unchanged', async () => {
      const { filter } = await several(2);
      const { nextPageToken: token } = await calls.list({ filter, pageSize: 1 });
      const withLabels = { ...filter, metadata: new Map([['a', 'b']]) };
      for (const other of [undefined, { ...filter, statuses: [READY] }, withLabels]) {
        expect((await refusal(calls.list({ filter: other, pageToken: token }))).fields).toEqual(['page_token']);
      }
      const flipped = token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
      for (const bad of [
        token.slice(1),
        token.slice(0, -1),
        `${token}A`,
        `${token}!`,
        `${token}=`,
        ` ${token}`,
        flipped,
      ]) {
        expect((await refusal(calls.list({ filter, pageToken: bad }))).fields).toEqual(['page_token']);
      }
      expect((await calls.list({ filter, pageToken: token, pageSize: 5, view: BASIC })).taskResults).toHaveLength(1);
    });

    test('a page is cut short rather than to pass 3 MiB, and none is left out', async () => {
      const path = fresh('app.tasks.large');
      const made: string[] = [];
      for (let i = 0; i < 5; i++) made.push(await created({ task: { path }, argsJson: `["${'x'.repeat(MIB - 4)}"]` }));
      const seen: string[] = [];
      let pageToken = '';
      do {
        const page = await calls.list({ filter: { taskPath: path }, pageToken });
        expect(page.taskResults.length).toBeLessThan(4);
        seen.push(...ids(page));
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen).toEqual(made.reverse());
    });

    test('BASIC leaves out arguments', async () => {
      const { filter } = await several(1);
      expect((await calls.list({ filter, view: BASIC })).taskResults).toMatchObject([{ argsJson: '', kwargsJson: '' }]);
    });

    test('by everything that a filter can say', async () => {
      const path = fresh('app.tasks.filter');
      const label = new Map([['tenant', 'a']]);
      const one = await created({ task: { path, queueName: 'mail' }, backend: 'other', metadata: label });
      const two = await created({ task: { path } });
      const three = await created({ task: { path } });
      await calls.start(one, 'worker one');
      await calls.succeed(one);
      await calls.start(two, 'worker two');
      await calls.fail(three);
      const [first, last] = [await calls.get(one), await calls.get(three)];
      const matching = async (filter: object) => ids(await calls.list({ filter: { taskPath: path, ...filter } }));

      expect(await matching({})).toEqual([three, two, one]);
      expect(await matching({ statuses: [SUCCESSFUL, FAILED] })).toEqual([three, one]);
      expect(await matching({ statuses: [RUNNING] })).toEqual([two]);
      expect(await matching({ queueName: 'mail' })).toEqual([one]);
      expect(await matching({ backend: 'other' })).toEqual([one]);
      expect(await matching({ workerId: 'worker two' })).toEqual([two]);
      expect(await matching({ metadata: label })).toEqual([one]);
      expect(await matching({ metadata: new Map([['tenant', 'A']]) })).toEqual([]);
      expect(await matching({ enqueued: { start: at(micros(first.enqueuedAt) + 1) } })).toEqual([three, two]);
      expect(await matching({ enqueued: { end: at(micros(last.enqueuedAt)) } })).toEqual([two, one]);
      expect(await matching({ finished: {} })).toEqual([three, one]);
      expect(await matching({ finished: { start: first.finishedAt, end: last.finishedAt } })).toEqual([one]);
    });
  });
});
