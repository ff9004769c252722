import { createConnection } from 'mysql2/promise';
import { openStore } from '../../src/store/open';
import { create, failAttempt, start, succeed } from '../support/commands';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { TestClock } from '../support/temporary-store';

let temporary: TemporaryDatabase;
beforeAll(async () => {
  temporary = await temporaryDatabase('mysql');
});
afterAll(() => temporary?.drop());

/** Types of one size whatever their value. Characters too, but only in a character set of one byte. */
const FIXED = /^(tinyint|int|bigint)|^char\(\d+\) ascii$/;

test('what transitions change in a row has one size, so that it is changed where it stands', async () => {
  if (temporary.database.engine !== 'mysql') throw new Error('MySQL only');
  const { url } = temporary.database;
  const clock = new TestClock();
  const options = { clock: clock.read, retention: { afterFinish: 1_000_000 }, whenOutdated: 'migrate' as const };
  const store = await openStore({ engine: 'mysql', url, poolSize: 4 }, options);
  const connection = await createConnection(url);
  try {
    await store.transact([create('a')]);
    const row = async () => {
      const [rows] = await connection.query('SELECT * FROM task_results');
      return (rows as Record<string, unknown>[])[0] ?? {};
    };
    const before = await row();
    const changed = new Set<string>();
    for (const command of [
      start('a', 'w1', { lease: 1_000_000 }),
      failAttempt('a', 1, { retry: true }),
      start('a', 'w2'),
      succeed('a', 2),
    ]) {
      clock.now += 1_000;
      await store.transact([command]);
      for (const [column, value] of Object.entries(await row())) {
        if (String(value) !== String(before[column])) changed.add(column);
      }
    }
    const [columns] = await connection.query(
      `SELECT COLUMN_NAME AS name, IS_NULLABLE AS nullable, CONCAT_WS(' ', COLUMN_TYPE, CHARACTER_SET_NAME) AS type
        FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'task_results'`,
    );
    const ofChanged = (columns as { name: string; nullable: string; type: string }[]).filter(({ name }) =>
      changed.has(name),
    );
    expect(ofChanged.length).toBeGreaterThan(10);
    expect(ofChanged.filter(({ nullable, type }) => nullable === 'YES' || !FIXED.test(type))).toEqual([]);
  } finally {
    await connection.end();
    await store.close();
  }
});
