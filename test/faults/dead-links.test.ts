import { TaskResultsError } from '../../src/domain/errors';
import type { TaskResultStore } from '../../src/domain/store';
import { openStore } from '../../src/store/open';
import { callsOf } from '../support/calls';
import { create, filter, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { type TemporaryDatabase, temporaryMysql, testMysqlUrl } from '../support/engines';
import { fresh } from '../support/fresh';
import { Link } from '../support/link';
import { serve } from '../support/service';
import { until } from '../support/until';

const POOL_SIZE = 12;

/** What a store may take to be well again. Until its connections had bounds it took five minutes, or for ever. */
const SOON_MS = 40_000;

let temporary: TemporaryDatabase;
let link: Link;
let store: TaskResultStore;

beforeEach(async () => {
  const server = testMysqlUrl();
  temporary = await temporaryMysql(server);
  link = await Link.to(Number(new URL(server).port));
  store = await open(through(link));
});
afterEach(async () => {
  await store?.close();
  await link?.close();
  await temporary?.drop();
});

function open(url: string): Promise<TaskResultStore> {
  const options = {
    clock: () => Date.now() * 1_000,
    retention: { afterFinish: null },
    whenOutdated: 'migrate' as const,
  };
  return openStore({ engine: 'mysql', url, poolSize: POOL_SIZE }, options);
}

function direct(): string {
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  return temporary.database.url;
}

function through(by: Link): string {
  const url = new URL(direct());
  url.hostname = '127.0.0.1';
  url.port = String(by.port);
  return url.href;
}

/** How long it takes, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Opens all connections of the pool. */
async function useAll(): Promise<void> {
  await Promise.all(Array.from({ length: 2 * POOL_SIZE }, () => store.ping()));
}

describe('connections that have died without a word while new ones work', () => {
  test('idle ones: writes and reads are well again within seconds', async () => {
    await useAll();
    link.stallOpen();
    const took = await timed(async () => {
      const id = fresh();
      expect(outcomes(await store.transact([create(id), start(id)]))).toEqual(['changed', 'changed']);
      expect(await store.outline([id])).toMatchObject([{ id, status: 'RUNNING' }]);
    });
    expect(took).toBeLessThan(SOON_MS);
    // Whichever connection is used from now on, it is a new one.
    expect(await timed(useAll)).toBeLessThan(SOON_MS);
  });

  test('busy ones: what is under way is done on others, once', async () => {
    await useAll();
    const ids = Array.from({ length: 2 * POOL_SIZE }, () => fresh());
    const took = await timed(async () => {
      const calls = ids.map((id) => store.transact([create(id), start(id), succeed(id)]));
      link.stallOpen();
      for (const decided of await Promise.all(calls)) {
        expect(outcomes(decided)).toEqual(['changed', 'changed', 'changed']);
      }
    });
    expect(took).toBeLessThan(SOON_MS);
    expect((await store.outline(ids)).map(({ revision }) => revision)).toEqual(ids.map(() => 3));
  });

  test('idle ones are found by themselves, before anybody needs them', async () => {
    await useAll();
    link.stallOpen();
    await until(() => link.open === 0, 'the store has let go of all dead connections', SOON_MS);
  });
});

test('a service in use whose links die all at once answers again within seconds', async () => {
  const service = await serve({ engine: 'mysql', url: through(link), poolSize: 5 });
  try {
    const calls = callsOf(service);
    const all = Array.from({ length: 20 }, () => calls.created());
    await Promise.all([...all, ...Array.from({ length: 20 }, () => calls.list())]);
    link.stallOpen();
    const took = await timed(async () => {
      const id = fresh();
      await until(() => calls.create(id).then(isOk, isNot), 'a result is created', SOON_MS);
      await until(() => calls.start(id).then(isOk, isNot), 'an attempt is started', SOON_MS);
      await until(() => calls.batchGet([id]).then(isOk, isNot), 'it is read', SOON_MS);
      await until(() => calls.list().then(isOk, isNot), 'it is listed', SOON_MS);
    });
    expect(took).toBeLessThan(SOON_MS);
  } finally {
    await service.stop();
  }
});

const isOk = () => true;
const isNot = () => false;

describe('a database that says nothing any more', () => {
  const CALLS: Record<string, () => Promise<unknown>> = {
    transact: () => store.transact([create(fresh())]),
    read: () => store.read(['a'], 'FULL'),
    outline: () => store.outline(['a', 'b']),
    changesAfter: () => store.changesAfter(0, 10),
    changesWithin: () => store.changesWithin([{ first: 1, last: 2 }]),
    changeLog: () => store.changeLog(),
    trimChanges: () => store.trimChanges(0, 10),
    expired: () => store.expired(0, 10),
    ping: () => store.ping(),
    // It may read many rows, and has four times as long.
    ...(process.env.TASKRESULTS_TEST_LONG_FAULTS && { list: () => store.list(filter(), null, 10) }),
  };

  test('every call ends with STORE_UNAVAILABLE, and so does one that comes later', async () => {
    await useAll();
    link.stallOpen();
    link.stall();
    const failures = async () => {
      const settled = await Promise.allSettled(Object.values(CALLS).map((call) => call()));
      for (const [i, name] of Object.keys(CALLS).entries()) {
        const { reason } = settled[i] as PromiseRejectedResult;
        expect({ name, reason: (reason as TaskResultsError).reason }).toEqual({ name, reason: 'STORE_UNAVAILABLE' });
        expect(reason).toBeInstanceOf(TaskResultsError);
      }
    };
    expect(await timed(failures)).toBeLessThan(SOON_MS);
    expect(await timed(failures)).toBeLessThan(SOON_MS);
  });

  test('the store can be closed, with calls under way, and lets go of all its connections', async () => {
    await useAll();
    link.stallOpen();
    const calls = Promise.allSettled([store.ping(), store.changeLog(), store.transact([create(fresh())])]);
    expect(await timed(() => store.close())).toBeLessThan(SOON_MS);
    for (const call of await calls) expect(call).toMatchObject({ reason: { reason: 'STORE_UNAVAILABLE' } });
    await until(() => link.open === 0, 'no connection keeps the process from ending', SOON_MS);
    store = await open(direct());
  });
});
