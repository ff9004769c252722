import { TaskResultsError } from '../../src/domain/errors';
import type { TaskResultStore } from '../../src/domain/store';
import { openStore } from '../../src/store/open';
import { create, filter, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryMysql } from '../support/engines';
import { PrivateMysql } from '../support/private-mysql';
import { TestClock } from '../support/temporary-store';

const SECRET = 'hunter2';

/** Every call of a store. */
const CALLS: Record<string, (store: TaskResultStore) => Promise<unknown>> = {
  transact: (store) => store.transact([create('a', { argsJson: `["${SECRET}"]` })]),
  read: (store) => store.read([SECRET], 'FULL'),
  outline: (store) => store.outline([SECRET]),
  list: (store) => store.list(filter({ taskPath: SECRET }), null, 10),
  changesAfter: (store) => store.changesAfter(0, 10),
  changesWithin: (store) => store.changesWithin([{ first: 1, last: 2 }]),
  changeLog: (store) => store.changeLog(),
  trimChanges: (store) => store.trimChanges(0, 10),
  expired: (store) => store.expired(0, 10),
  ping: (store) => store.ping(),
};

async function failure(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it did not fail');
  return error;
}

/** All that could end up in a log. */
function written(error: Error): string {
  const { cause } = error;
  return `${error.message} ${error.stack} ${JSON.stringify(error)} ${cause instanceof Error ? written(cause) : ''}`;
}

describe('a database that goes and comes back', () => {
  let server: PrivateMysql;
  let store: TaskResultStore;
  beforeAll(async () => {
    server = await PrivateMysql.start();
    const { database } = await temporaryMysql(server.url());
    const retention = { afterFinish: null };
    store = await openStore(database, { clock: new TestClock().read, retention, whenOutdated: 'migrate' });
  });
  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  test.each(['KILL', 'TERM'] as const)('%s: STORE_UNAVAILABLE while it is gone, and all is well after', async (how) => {
    const id = `before ${how}`;
    await store.transact([create(id), start(id)]);
    await server.down(how);

    for (const [name, call] of Object.entries(CALLS)) {
      const error = await failure(call(store));
      expect({ name, reason: (error as TaskResultsError).reason }).toEqual({ name, reason: 'STORE_UNAVAILABLE' });
      expect(error.message).toBe('the store is out of reach');
      expect(written(error)).not.toContain(SECRET);
      expect(written(error)).not.toMatch(/select |insert |update /i);
    }

    await server.up();
    expect(outcomes(await store.transact([succeed(id, 1, '42'), create(`after ${how}`)]))).toEqual([
      'changed',
      'changed',
    ]);
    expect(await store.read([id], 'FULL')).toMatchObject([{ returnValueJson: '42', revision: 3 }]);
    for (const call of Object.values(CALLS)) await call(store);
  });

  test('many calls that are under way when it goes all come to an end', async () => {
    await store.transact([create('busy')]);
    const answered: string[] = [];
    const calls = Array.from({ length: 200 }, (_, i) => store.transact([create(`busy ${i}`)]));
    await calls[0];
    await server.down('KILL');
    for (const [i, settled] of (await Promise.allSettled(calls)).entries()) {
      if (settled.status === 'fulfilled') answered.push(`busy ${i}`);
      else expect(settled.reason).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    }
    await server.up();
    // What was answered OK is there.
    expect(answered.length).toBeGreaterThan(0);
    expect((await store.outline(answered)).map(({ id }) => id).sort()).toEqual(answered.sort());
  });

  test('one that is not there at the start is STORE_UNAVAILABLE, too', async () => {
    const url = server.url('missing').replace(String(server.port), '1');
    const database = { engine: 'mysql' as const, url, poolSize: 2 };
    const options = { clock: new TestClock().read, retention: { afterFinish: null }, whenOutdated: 'migrate' as const };
    const error = await failure(openStore(database, options));
    expect(error).toBeInstanceOf(TaskResultsError);
    expect(error).toMatchObject({ reason: 'STORE_UNAVAILABLE', message: 'the store is out of reach' });
  });
});
