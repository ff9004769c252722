import type { TaskResultView } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  at,
  BASIC,
  type Calls,
  callsOf,
  FAILED,
  FULL,
  idsOf,
  micros,
  READY,
  RUNNING,
  SUCCESSFUL,
} from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { refusal } from '../support/refusal';
import { startOn, type TestService } from '../support/service';

const MIB = 1024 * 1024;

describe.each(ENGINES)('ListTaskResults on %s', (engine) => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  /** All pages, and that each but the last is `pageSize` long. */
  const pages = async (request: Parameters<Calls['list']>[0] & { pageSize: number }) => {
    const seen: string[] = [];
    for (let pageToken = ''; ; ) {
      const page = await calls.list({ ...request, pageToken });
      seen.push(...idsOf(page));
      pageToken = page.nextPageToken;
      if (pageToken === '') return seen;
      expect(page.taskResults).toHaveLength(request.pageSize);
    }
  };
  /** Some results of a task of their own. */
  const several = async (count: number) => {
    const path = fresh('app.tasks.list');
    const made: string[] = [];
    for (let i = 0; i < count; i++) made.push(await calls.created({ task: { path } }));
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
    await Promise.all(Array.from({ length: 51 }, () => calls.created({ task: { path } })));
    const page = await calls.list({ filter: { taskPath: path } });
    expect(page.taskResults).toHaveLength(50);
    expect((await calls.list({ filter: { taskPath: path }, pageToken: page.nextPageToken })).taskResults).toHaveLength(
      1,
    );
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
    await calls.created({ task: { path: filter.taskPath } });
    await calls.remove(newestFirst[1] as string); // the very result that the token points behind
    await calls.remove(newestFirst[3] as string);
    const rest = await calls.list({ filter, pageSize: 10, pageToken: page.nextPageToken });
    expect(idsOf(rest)).toEqual([2, 4, 5].map((i) => newestFirst[i]));
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
    for (let i = 0; i < 5; i++)
      made.push(await calls.created({ task: { path }, argsJson: `["${'x'.repeat(MIB - 4)}"]` }));
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await calls.list({ filter: { taskPath: path }, pageToken, view: FULL });
      expect(page.taskResults.length).toBeLessThan(4);
      seen.push(...idsOf(page));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual(made.reverse());
  });

  test('leaves out arguments unless the view FULL is asked for', async () => {
    const { filter } = await several(1);
    const left = async (view?: TaskResultView) => (await calls.list({ filter, view })).taskResults;
    expect(await left()).toMatchObject([{ argsJson: '', kwargsJson: '' }]);
    expect(await left()).toEqual(await left(BASIC));
    expect(await left(FULL)).toMatchObject([{ argsJson: '[]', kwargsJson: '{}' }]);
  });

  test('by everything that a filter can say', async () => {
    const path = fresh('app.tasks.filter');
    const label = new Map([['tenant', 'a']]);
    const one = await calls.created({ task: { path, queueName: 'mail' }, backend: 'other', metadata: label });
    const two = await calls.created({ task: { path } });
    const three = await calls.created({ task: { path } });
    await calls.start(one, 'worker one');
    await calls.start(one, 'another worker', { force: true });
    await calls.succeed(one, 2);
    await calls.start(two, 'worker two');
    await calls.fail(three);
    const [first, last] = [await calls.get(one), await calls.get(three)];
    const matching = async (filter: object) => idsOf(await calls.list({ filter: { taskPath: path, ...filter } }));

    expect(await matching({})).toEqual([three, two, one]);
    expect(await matching({ statuses: [SUCCESSFUL, FAILED] })).toEqual([three, one]);
    expect(await matching({ statuses: [RUNNING] })).toEqual([two]);
    expect(await matching({ statuses: Array(100).fill(RUNNING) })).toEqual([two]);
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
