import { type Connection, createConnection } from 'mysql2/promise';
import type { TaskResultStore } from '../../src/domain/store';
import { openStore } from '../../src/store/open';
import { create, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryDatabase } from '../support/engines';
import { fresh } from '../support/fresh';
import { MysqlLink } from '../support/mysql-link';
import { TestClock } from '../support/temporary-store';

let drop: () => Promise<void>;
let link: MysqlLink;
/** The store under test, behind the link. */
let store: TaskResultStore;
/** Another process on the same database. */
let rival: TaskResultStore;
/** Somebody else, who locks rows. */
let admin: Connection;

beforeAll(async () => {
  const temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  const { url } = temporary.database;
  drop = temporary.drop;
  const clock = new TestClock();
  const open = (through: string) => {
    const options = { clock: clock.read, retention: { afterFinish: null }, whenOutdated: 'migrate' as const };
    return openStore({ engine: 'mysql', url: through, poolSize: 4 }, options);
  };
  rival = await open(url);
  link = await MysqlLink.to(url);
  store = await open(link.url);
  admin = await createConnection(url);
});
afterAll(async () => {
  await store?.close();
  await rival?.close();
  await admin?.end();
  await link?.close();
  await drop?.();
});

const read = async (id: string) => (await rival.read([id], 'FULL'))[0];

describe('a row that another transaction has locked', () => {
  /** Runs `work` while a transaction of the admin has done `statements`. */
  const whileLocked = async (
    statements: [string, unknown[]][],
    work: () => Promise<void>,
    isolation = 'READ COMMITTED',
  ) => {
    await admin.query(`SET TRANSACTION ISOLATION LEVEL ${isolation}`);
    await admin.query('BEGIN');
    try {
      for (const [text, values] of statements) await admin.query(text, values);
      await work();
    } finally {
      await admin.query('ROLLBACK');
    }
  };
  const LOCK = 'SELECT id FROM task_results WHERE id IN (?) ORDER BY id FOR UPDATE';

  test('holds up the commands of its id alone, known or not', async () => {
    const [known, unknown, free] = [fresh(), fresh(), fresh()];
    await store.transact([create(known), create(free)]);
    await rival.transact([create(unknown)]);
    await whileLocked([[LOCK, [[known, unknown]]]], async () => {
      const commands = [start(known), create(fresh()), start(unknown), succeed(known), start(free)];
      expect(outcomes(await store.transact(commands))).toEqual(['locked', 'changed', 'locked', 'locked', 'changed']);
      // It is known that there are locks now: nothing waits for them.
      expect(outcomes(await store.transact([start(known), create(fresh())]))).toEqual(['locked', 'changed']);
    });
    expect(outcomes(await store.transact([start(known), start(unknown)]))).toEqual(['changed', 'changed']);
  });

  test('may be one that is inserted and not yet committed', async () => {
    const [id, other] = [fresh(), fresh()];
    await rival.transact([create(other)]);
    const copy = (await admin.query('SELECT * FROM task_results WHERE id = ?', [other])) as unknown as [object[]];
    const insert: [string, unknown[]] = ['INSERT INTO task_results SET ?', [{ ...copy[0][0], id }]];
    await whileLocked([insert], async () => {
      expect(outcomes(await store.transact([create(id), create(fresh()), start(id)]))).toEqual([
        'locked',
        'changed',
        'locked',
      ]);
    });
    expect(outcomes(await store.transact([create(id), start(id)]))).toEqual(['changed', 'changed']);
  });

  test('with the gaps between rows: new ones wait, and all others are decided', async () => {
    const free = fresh('gap');
    await store.transact([create(free)]);
    const above: [string, unknown[]] = ["SELECT id FROM task_results WHERE id > 'gap-~' FOR UPDATE", []];
    const created = fresh('gap-~');
    const gaps = async () => {
      const decided = outcomes(await store.transact([start(free), create(created), start(created)]));
      expect(decided).toEqual(['changed', 'locked', 'locked']);
    };
    await whileLocked([above], gaps, 'REPEATABLE READ');
    expect(outcomes(await store.transact([create(created), start(created)]))).toEqual(['changed', 'changed']);
  });

  test('one of very many: all others are decided', async () => {
    const ids = Array.from({ length: 256 }, () => fresh());
    await rival.transact(ids.map((id) => create(id)));
    const held = ids.filter((_, i) => i % 60 === 7);
    await whileLocked([[LOCK, [held]]], async () => {
      const decided = outcomes(await store.transact(ids.map((id) => start(id))));
      expect(ids.filter((_, i) => decided[i] === 'locked')).toEqual(held);
      expect(new Set(decided)).toEqual(new Set(['changed', 'locked']));
    });
  });

  test('by a try in doubt, whose connection the database takes for alive: that try can do nothing any more', async () => {
    const [id, other] = [fresh(), fresh()];
    await rival.transact([create(id)]);
    const held = link.holdNextCommit(); // the row has been read, and stays locked
    expect(outcomes(await store.transact([start(id, 'w1'), create(other)]))).toEqual(['locked', 'changed']);
    await (await held)();
    expect(await read(id)).toMatchObject({ revision: 1 });
    expect(outcomes(await store.transact([start(id, 'w2'), create(other)]))).toEqual(['changed', 'unchanged']);
  });
});
