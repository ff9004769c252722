import { open, readFile } from 'node:fs/promises';
import { openStore } from '../../src/store/open';
import { sqliteEngine } from '../../src/store/sqlite/dialect';
import { loadSqliteDriver } from '../../src/store/sqlite/driver';
import type { SqliteConnection } from '../../src/store/sqlite/statements';
import { TypeOrmStore } from '../../src/store/typeorm-store';
import { callsOf } from '../support/calls';
import { create, start } from '../support/commands';
import { outcomes } from '../support/decisions';
import { temporaryDatabase } from '../support/engines';
import { refusal } from '../support/refusal';
import { serve } from '../support/service';
import { KEPT, TestClock } from '../support/temporary-store';

const SECRET = 'hunter2';
const clock = new TestClock();
const OPTIONS = { clock: clock.read, retention: { afterFinish: KEPT }, whenOutdated: 'migrate' as const };

let file: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  const temporary = await temporaryDatabase('sqlite');
  if (temporary.database.engine !== 'sqlite') throw new Error('no SQLite');
  ({ file } = temporary.database);
  drop = temporary.drop;
});
afterEach(() => drop());

/** A store on the file, and the connection that it uses. */
async function openOnFile() {
  await (await openStore({ engine: 'sqlite', file }, OPTIONS)).close();
  const { source, dialect } = sqliteEngine({ engine: 'sqlite', file });
  await dialect.connect();
  const store = new TypeOrmStore(source, dialect, clock.read, OPTIONS.retention);
  const { databaseConnection } = source.driver as unknown as { databaseConnection: SqliteConnection };
  return { store, connection: databaseConnection };
}

test.each([
  ['full', 'SQLITE_FULL', 'max_page_count = 1', 'max_page_count = 1000000'],
  ['read-only', 'SQLITE_READONLY', 'query_only = ON', 'query_only = OFF'],
])('a database that is %s is out of reach for writes, until it is not', async (_what, code, set, reset) => {
  const { store, connection } = await openOnFile();
  try {
    await store.transact([create('a')]);
    connection.pragma(set);
    const large = create('b', { argsJson: `["${SECRET.repeat(10_000)}"]` });
    const error: Error = await store.transact([start('a'), large]).then(
      () => new Error('it was written'),
      (reason) => reason,
    );
    expect(error).toMatchObject({ reason: 'STORE_UNAVAILABLE', message: 'the store is out of reach' });
    expect(error.cause).toMatchObject({ message: `the database answered ${code}` });
    expect(`${error.stack} ${(error.cause as Error).stack}`).not.toMatch(/hunter2|insert into/i);
    expect(await store.read(['a', 'b'], 'FULL')).toMatchObject([{ id: 'a', revision: 1 }]);

    connection.pragma(reset);
    expect(outcomes(await store.transact([start('a'), large]))).toEqual(['changed', 'changed']);
    expect((await store.outline(['a', 'b'])).map(({ id }) => id).sort()).toEqual(['a', 'b']);
  } finally {
    await store.close();
  }
});

test('a damaged file is out of reach, and callers read nothing of the driver', async () => {
  const store = await openStore({ engine: 'sqlite', file }, OPTIONS);
  await store.transact([create('a')]);
  await store.close();
  await damage('task_results');
  const service = await serve({ engine: 'sqlite', file });
  const calls = callsOf(service);
  try {
    for (const call of [() => calls.create('a'), () => calls.get('a'), () => calls.list(), () => calls.start('a')]) {
      const expected = { code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE', message: 'the store is out of reach' };
      expect(await refusal(call())).toMatchObject(expected);
    }
  } finally {
    await service.stop();
  }
});

/** Overwrites the first page of a table. */
async function damage(table: string): Promise<void> {
  const connection = new (loadSqliteDriver())(file);
  const [[rootPage]] = connection.prepare('SELECT rootpage FROM sqlite_master WHERE name = ?').raw().all([table]) as [
    [number],
  ];
  connection.close();
  const pageSize = (await readFile(file)).readUInt16BE(16);
  const handle = await open(file, 'r+');
  await handle.write(Buffer.alloc(pageSize, 0xff), 0, pageSize, (rootPage - 1) * pageSize);
  await handle.close();
}
