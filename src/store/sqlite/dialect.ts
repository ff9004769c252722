import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Mutex } from 'async-mutex';
import { DataSource } from 'typeorm';
import type { Dialect } from '../dialect';
import { entitiesFor } from '../entities';
import { NO_LOG } from '../no-log';
import { UnusableDatabase } from '../unusable-database';
import { loadSqliteDriver } from './driver';
import { CreateTables1763850000000 } from './migrations/1763850000000-create-tables';
import { type SqliteConnection, SqliteStatements } from './statements';

/**
 * Embedded SQLite. There is one connection, so work takes turns: reads too, or they would see a transaction that is not
 * committed yet.
 */
export function sqliteDialect(): Dialect {
  const turn = new Mutex();
  let statements: SqliteStatements;
  return {
    name: 'sqlite',
    async prepare(source) {
      statements = new SqliteStatements(
        (source.driver as unknown as { databaseConnection: SqliteConnection }).databaseConnection,
      );
    },
    lockClause: '',
    exclusively: (work) => turn.runExclusive(work),
    select: async (_source, statement) => statements.run(statement) as unknown[],
    runAll: async (_runner, all) => all.map((statement) => statements.run(statement)),
    assertChanged: () => [], // nobody else writes: the file is ours alone while it is open
    generatedKey: (answer) => Number((answer as { lastInsertRowid: number | bigint }).lastInsertRowid),
    keepTransactionNumber: [],
    olderThan: (age, now) => ({ text: 'at < ?', values: [now - age] }),
    keyStep: '1',
    transactionNumber: '(SELECT MAX(number) FROM task_transactions)', // nobody else writes
    whileMigrating: (_runner, work) => work(), // the file is ours alone, too
  };
}

/** The file is created when it does not exist, for its owner alone. One process at a time: a second one is refused. */
export function createSqliteDataSource(file: string): DataSource {
  return new DataSource({
    type: 'better-sqlite3',
    driver: loadSqliteDriver(),
    database: file,
    prepareDatabase: (db: SqliteConnection) => setUp(db, file),
    timeout: 1_000,
    entities: Object.values(entitiesFor('sqlite')),
    migrations: [CreateTables1763850000000],
    migrationsTableName: 'taskresults_migrations',
    logger: NO_LOG,
  });
}

/** Makes the file when there is none. SQLite gives the files that it makes for it the same permissions. */
export function createPrivately(file: string): void {
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there && !there.isFile()) throw new Error('it is no regular file');
    if (there) return;
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new UnusableDatabase(`cannot keep results in ${resolve(file)}: ${(error as Error).message}`);
  }
}

/** Why SQLite does not open a file, for whoever starts the server. A relative path would not say which file that is. */
export function notOpened(error: unknown, file: string): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (!/^SQLITE_/.test(String(code))) return error;
  if (code === 'SQLITE_BUSY') {
    const advice = 'an SQLite file serves one process at a time; --database-url names another file';
    return new UnusableDatabase(`another process has ${resolve(file)} open: ${advice}`);
  }
  return new UnusableDatabase(`cannot keep results in ${resolve(file)}: ${message} (${code})`);
}

function setUp(db: SqliteConnection, file: string): void {
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    const mode = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') throw new UnusableDatabase(`cannot keep results in ${file}: its journal is "${mode}"`);
    // What was answered OK survives a power cut, too.
    db.pragma('synchronous = FULL');
    // 4 MB: a commit that has split a page goes through the whole cache. Beyond, pages come from the system's.
    db.pragma('cache_size = -4000');
  } catch (error) {
    db.close();
    throw error;
  }
}
