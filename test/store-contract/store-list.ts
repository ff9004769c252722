import type { Filter } from '../../src/domain/filter';
import { matches } from '../../src/domain/filter';
import type { Outline } from '../../src/domain/store';
import { ANY_TASK, create, fail, failAttempt, filter, remove, start, succeed } from '../support/commands';
import type { TemporaryStore } from '../support/temporary-store';

/** Ten results that differ in everything a filter can ask for. Enqueued at 1,000 µs, 2,000 µs and so on. */
async function populate({ store, clock }: TemporaryStore): Promise<void> {
  const at = async (time: number, ...commands: Parameters<typeof store.transact>[0]) => {
    clock.now = time;
    await store.transact(commands);
  };
  const task = (given: Partial<typeof ANY_TASK>) => ({ task: { ...ANY_TASK, ...given } });
  await at(1_000, create('ready'));
  await at(2_000, create('running'), start('running', 'w1'));
  await at(3_000, create('failed'), fail('failed'));
  await at(4_000, create('done'), start('done', 'w2'));
  await at(5_000, create('path', task({ path: 'App.tasks.send_mail' })));
  await at(6_000, create('queue', task({ queueName: 'mail' })));
  await at(7_000, create('backend', { backend: 'other' }));
  await at(8_000, create('labels', { metadata: { tenant: 'a', region: 'eu' } }));
  await at(9_000, create('label', { metadata: { tenant: 'A', region: 'eu' } }));
  await at(
    10_000,
    create('twice'),
    start('twice', 'w1'),
    failAttempt('twice', 1, { retry: true }),
    start('twice', 'w2'),
  );
  await at(20_000, succeed('done', 1));
}

const NEWEST_FIRST = 'twice label labels backend queue path done failed running ready'.split(' ');

const FILTERS: Record<string, [Partial<Filter>, string]> = {
  nothing: [{}, NEWEST_FIRST.join(' ')],
  'one status': [{ statuses: ['RUNNING'] }, 'twice running'],
  'a set of statuses': [{ statuses: ['SUCCESSFUL', 'FAILED', 'FAILED'] }, 'done failed'],
  'the task path, with its case': [{ taskPath: 'App.tasks.send_mail' }, 'path'],
  'the queue': [{ queueName: 'mail' }, 'queue'],
  'the backend': [{ backend: 'other' }, 'backend'],
  'a worker of any attempt': [{ workerId: 'w1' }, 'twice running'],
  'a worker, once however often it tried': [{ workerId: 'w2' }, 'twice done'],
  'a worker nobody knows': [{ workerId: 'W1' }, ''],
  'enqueued from a time on': [{ enqueued: { start: 8_000, end: null } }, 'twice label labels'],
  'enqueued before a time': [{ enqueued: { start: null, end: 3_000 } }, 'running ready'],
  'enqueued within a range': [{ enqueued: { start: 3_000, end: 5_000 } }, 'done failed'],
  'an empty range': [{ enqueued: { start: 5_000, end: 5_000 } }, ''],
  'finished at any time': [{ finished: { start: null, end: null } }, 'done failed'],
  'finished from a time on': [{ finished: { start: 20_000, end: null } }, 'done'],
  'finished before a time': [{ finished: { start: null, end: 20_000 } }, 'failed'],
  'one label': [{ metadata: { region: 'eu' } }, 'label labels'],
  'all labels, with their case': [{ metadata: { region: 'eu', tenant: 'a' } }, 'labels'],
  'everything at once': [
    {
      statuses: ['SUCCESSFUL'],
      taskPath: ANY_TASK.path,
      queueName: 'default',
      backend: 'default',
      workerId: 'w2',
      enqueued: { start: 1, end: 10_000 },
      finished: { start: 1, end: null },
    },
    'done',
  ],
};

export function describeList(open: () => Promise<TemporaryStore>): void {
  describe('list', () => {
    let opened: TemporaryStore;
    beforeAll(async () => {
      opened = await open();
      await populate(opened);
    });
    afterAll(() => opened?.close());

    const ids = (outlines: readonly Outline[]) => outlines.map(({ id }) => id);

    test.each(Object.entries(FILTERS))('by %s', async (_what, [given, expected]) => {
      const { store } = opened;
      const wanted = expected === '' ? [] : expected.split(' ');
      expect(ids(await store.list(filter(given), null, 100))).toEqual(wanted);
      // The rule for a result at hand is the same.
      const all = await store.read(NEWEST_FIRST, 'BASIC');
      expect(new Set(ids(all.filter((r) => matches(filter(given), r)) as never))).toEqual(new Set(wanted));
    });

    test.each([1, 2, 3, 9, 10, 11])('in pages of %d', async (size) => {
      const seen: string[] = [];
      for (let after: Outline | null = null, page: Outline[]; ; after = page.at(-1) as Outline) {
        page = await opened.store.list(filter(), after, size);
        if (page.length === 0) break;
        expect(page.length).toBeLessThanOrEqual(size);
        seen.push(...ids(page));
      }
      expect(seen).toEqual(NEWEST_FIRST);
    });
  });

  describe('list', () => {
    let opened: TemporaryStore;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened?.close());

    test('results of one microsecond by id, descending by bytes', async () => {
      const { store } = opened;
      const ids = ['a', 'B', 'a ', 'é', '😀', '\uffee', 'a\0'];
      await store.transact(ids.map((id) => create(id)));
      const expected = ids.sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
      expect((await store.list(filter(), null, 100)).map(({ id }) => id)).toEqual(expected);
      const paged: string[] = [];
      for (let after: Outline | null = null, page: Outline[]; ; after = page[0] as Outline) {
        page = await store.list(filter(), after, 1);
        if (!page[0]) break;
        paged.push(page[0].id);
      }
      expect(paged).toEqual(expected);
    });

    test('what comes or goes between two pages makes no other one appear twice or be left out', async () => {
      const { store } = opened;
      for (const id of ['1', '2', '3', '4', '5', '6']) await store.transact([create(id)]);
      const [, last] = await store.list(filter(), null, 2);
      await store.transact([create('7'), remove('5'), remove('3')]);
      expect((await store.list(filter(), last as Outline, 10)).map(({ id }) => id)).toEqual(['4', '2', '1']);
    });
  });
}
