import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { type Database, migrate } from '../../src/store/open';
import { type TemporaryDatabase, temporaryDatabase, testMysqlUrl } from '../support/engines';
import { killLeftovers, Program, run } from '../support/program';
import { until } from '../support/until';

type Mysql = TemporaryDatabase & { url: string };

let mine: Mysql;
let other: Mysql;
/** On the database `mine`. */
let admin: Connection;

beforeEach(async () => {
  [mine, other] = [await emptyMysql(), await emptyMysql()];
  admin = await createConnection(mine.url);
});
afterEach(async () => {
  await killLeftovers();
  await admin?.end();
  await mine?.drop();
  await other?.drop();
});

async function emptyMysql(): Promise<Mysql> {
  const temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  return { ...temporary, url: temporary.database.url };
}

const LOCK = "CONCAT('taskresults.migrate.', SHA1(DATABASE()))";

/** As another process would that migrates `mine`. */
async function holdLock(): Promise<void> {
  const [[row] = []] = (await admin.query(`SELECT GET_LOCK(${LOCK}, 0) AS taken`)) as unknown as [{ taken: number }[]];
  expect(row?.taken).toBe(1);
}

/** Resolves when somebody waits for the lock on `mine`. */
async function untilWaiting(): Promise<void> {
  await until(async () => {
    const [rows] = await admin.query(
      `SELECT 1 FROM information_schema.processlist
       WHERE db = DATABASE() AND info LIKE 'SELECT GET_LOCK%' AND id <> CONNECTION_ID()`,
    );
    return (rows as unknown[]).length > 0;
  }, 'somebody waits for the lock');
}

test('one database is migrated by one process at a time, and another on the same server does not wait', async () => {
  await holdLock();
  const waiting = migrate(mine.database);
  await untilWaiting();
  expect(await migrate(other.database)).toHaveLength(1);
  await admin.query(`SELECT RELEASE_LOCK(${LOCK})`);
  expect(await waiting).toHaveLength(1);
});

test('two that migrate at once do so once', async () => {
  const ran = await Promise.all([migrate(mine.database), migrate(mine.database)]);
  expect(ran.flat()).toHaveLength(1);
});

test('a database may have the longest name', async () => {
  const server = await createConnection(testMysqlUrl());
  const name = `taskresults_test_${'x'.repeat(47)}`;
  const url = new URL(mine.url);
  url.pathname = `/${name}`;
  await server.query(`CREATE DATABASE ${name}`);
  try {
    expect(await migrate({ engine: 'mysql', url: url.href, poolSize: 2 })).toHaveLength(1);
  } finally {
    await server.query(`DROP DATABASE ${name}`);
    await server.end();
  }
});

test('SIGTERM ends the wait for another that migrates', async () => {
  await holdLock();
  const serving = new Program(['serve', '--port', '0', '--migrate', '--database-url', mine.url]);
  await untilWaiting();
  expect(await serving.kill('SIGTERM')).toMatchObject({ code: 0, stdout: '' });

  const migrating = new Program(['migrate', '--database-url', mine.url]);
  await untilWaiting();
  expect(await migrating.kill('SIGTERM')).toEqual({ code: null, stdout: '', stderr: '' });
});

describe('a migration that fails speaks once, without the words of the driver', () => {
  const failed = (code: string) => ({
    code: 1,
    stdout: '',
    stderr: `error: a migration of the schema failed: the database answered ${code}\n`,
  });

  test('on MySQL', async () => {
    await admin.query('CREATE TABLE task_attempts (a INT PRIMARY KEY)');
    expect(await run(['migrate', '--database-url', mine.url])).toEqual(failed('ER_TABLE_EXISTS_ERROR'));
    expect(await run(['serve', '--port', '0', '--migrate', '--database-url', mine.url])).toEqual(
      failed('ER_TABLE_EXISTS_ERROR'),
    );
  });

  test('on SQLite, which is left as it was', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taskresults-migrate-'));
    const database: Database = { engine: 'sqlite', file: join(folder, 'test.sqlite') };
    const source = await new DataSource({ type: 'better-sqlite3', database: database.file }).initialize();
    try {
      await source.query('CREATE TABLE task_attempts (a INTEGER)');
      await source.destroy();
      expect(await run(['serve', '--port', '0', '--database-url', `sqlite:${database.file}`])).toEqual(
        failed('SQLITE_ERROR'),
      );
      await source.initialize();
      const tables: { name: string }[] = await source.query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'task\\_%' ESCAPE '\\'",
      );
      expect(tables.map(({ name }) => name)).toEqual(['task_attempts']);
    } finally {
      await source.destroy();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
