import { createConnection } from 'mysql2/promise';
import { Stopwatch } from '../../../src/domain/stopwatch';
import type { TaskResultStore } from '../../../src/domain/store';
import type { TaskResult } from '../../../src/domain/task-result';
import { ChangeFeed } from '../../../src/service/changes/change-feed';
import { ResultCache } from '../../../src/service/reading/result-cache';
import { callsOf, SUCCESSFUL } from '../../support/calls';
import { create, remove, start, succeed } from '../../support/commands';
import { ENGINES, temporaryDatabase } from '../../support/engines';
import { refused } from '../../support/refusal';
import { serve, startOn, type TestService } from '../../support/service';
import { openTemporaryStore } from '../../support/temporary-store';
import { until } from '../../support/until';

const GONE = 'NOT_FOUND TASK_RESULT_DOES_NOT_EXIST';

async function finish(service: TestService, id: string): Promise<void> {
  const { create, start, succeed } = callsOf(service);
  await create(id);
  await start(id);
  await succeed(id);
}

describe.each(ENGINES)('finished results in memory, on %s', (engine) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startOn(engine);
  });
  afterAll(() => service?.stop());

  test('a deleted one is gone at once', async () => {
    const { get, remove } = callsOf(service);
    await finish(service, 'deleted');
    expect((await get('deleted')).status).toBe(SUCCESSFUL);
    await remove('deleted');
    expect(await refused(get('deleted'))).toBe(GONE);
  });

  test('one that is created anew under the same id is the new one', async () => {
    const { get, remove, create } = callsOf(service);
    await finish(service, 'again');
    await get('again');
    await remove('again');
    await create('again');
    expect((await get('again')).revision).toBe(1n);
  });

  test('a delete between reading and remembering is not forgotten', async () => {
    const { get, remove } = callsOf(service);
    for (let round = 0; round < 50; round++) {
      await finish(service, 'racing');
      const [, removed] = await Promise.allSettled([get('racing'), remove('racing'), get('racing')]);
      expect(removed?.status).toBe('fulfilled');
      expect(await refused(get('racing'))).toBe(GONE);
    }
  });
});

test('what is deleted while it is read twice at a time is not remembered by the second read', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  // Reads the store at once, and returns when it is let go.
  const gates: (() => void)[] = [];
  const read: TaskResultStore['read'] = async (...asked) => {
    const results = await store.read(...asked);
    await new Promise<void>((open) => gates.push(open));
    return results;
  };
  const cache = new ResultCache({ read } as TaskResultStore, 1_000_000);
  const letGo = async (n: number) => {
    await until(() => gates.length > n, `read ${n} is under way`);
    gates[n]?.();
  };
  await store.transact([create('x'), start('x'), succeed('x')]);
  const first = cache.get('x');
  await until(() => gates.length === 1, 'the first read is under way');
  const second = cache.get('x');
  await until(() => gates.length === 2, 'the second read is under way');
  await letGo(0);
  expect((await first)?.status).toBe('SUCCESSFUL');
  const [deleted] = await store.transact([remove('x')]);
  if (deleted?.kind === 'deleted') cache.changed('x', deleted.version);
  await letGo(1);
  expect((await second)?.status).toBe('SUCCESSFUL');
  const third = cache.get('x');
  await letGo(2);
  expect(await third).toBeNull();
  await close();
});

test('the labels of a result count as much as its other texts', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  const labels = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`label ${i}`, 'x'.repeat(255)]));
  await store.transact([
    ...[create('large', { metadata: labels }), start('large'), succeed('large')],
    ...[create('small'), start('small'), succeed('small')],
  ]);
  const read: string[] = [];
  const counting: Pick<TaskResultStore, 'read'> = {
    read: (ids, ...rest) => {
      read.push(...ids);
      return store.read(ids, ...rest);
    },
  };
  // One result may take a sixteenth, which the labels exceed.
  const cache = new ResultCache(counting as TaskResultStore, 16 * 10_000);
  cache.upToDate(new Stopwatch());
  for (const id of ['small', 'small', 'large', 'large']) await cache.get(id);
  expect(read).toEqual(['small', 'large', 'large']);
  await close();
});

test('a poll whose answer comes late says nothing of what was deleted since it was asked', async () => {
  const { store, close } = await openTemporaryStore('sqlite');
  await store.transact([create('x'), start('x'), succeed('x')]);
  const changesAfter = store.changesAfter.bind(store);
  const feed = new ChangeFeed(store, { pollFastMs: 1, pollSlowMs: 1 }, () => {});
  const cache = new ResultCache(store, 1_000_000);
  let answer: Promise<TaskResult | null> | null = null;
  feed.subscribe(cache);
  feed.subscribe({
    changed: () => {},
    missed: () => {},
    upToDate: () => {
      answer ??= cache.get('x'); // before there is another poll
    },
  });
  try {
    feed.wanted = true;
    await feed.start();
    await until(async () => {
      const first = await cache.get('x');
      return first === (await cache.get('x'));
    }, 'it is in memory');

    // As if this process were suspended for a minute while a poll is in flight.
    let isPolling = false;
    let goOn = () => {};
    store.changesAfter = async (...asked) => {
      store.changesAfter = changesAfter;
      const changes = await changesAfter(...asked);
      isPolling = true;
      await new Promise<void>((resume) => {
        goOn = resume;
      });
      return changes;
    };
    await until(() => isPolling, 'a poll is in flight');
    await store.transact([remove('x')]); // as another process does it
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + 60_000);
    answer = null;
    goOn();
    await until(() => answer !== null, 'the poll is over');
    expect(await answer).toBeNull();
  } finally {
    jest.restoreAllMocks();
    await feed.stop();
    await close();
  }
});

describe('two servers over one database', () => {
  test('one deleted through the other server is gone as soon as the change log is read; Refresh knows at once', async () => {
    const { database, drop } = await temporaryDatabase('mysql');
    const [one, other] = [await serve(database), await serve(database)];
    await finish(one, 'x');
    await callsOf(one).get('x');
    await callsOf(other).remove('x');
    expect(await refused(callsOf(one).refresh('x'))).toBe(GONE);
    await until(
      async () =>
        (await callsOf(one)
          .get('x')
          .catch(() => null)) === null,
      'Get knows, too',
    );
    await one.stop();
    await other.stop();
    await drop();
  });

  test('a finished result is answered without the database', async () => {
    const { database, drop } = await temporaryDatabase('mysql');
    const service = await serve(database);
    await finish(service, 'x');
    const connection = await createConnection(database.engine === 'mysql' ? database.url : '');
    // What is told of while it is read is not remembered, and nothing is recalled while the change log is read too
    // late.
    await until(async () => {
      await callsOf(service).get('x');
      await connection.query('RENAME TABLE task_results TO hidden');
      const answer = await callsOf(service)
        .get('x')
        .catch(() => null);
      await connection.query('RENAME TABLE hidden TO task_results');
      return answer?.status === SUCCESSFUL;
    }, 'it is answered from memory');
    await connection.end();
    await service.stop();
    await drop();
  });
});
