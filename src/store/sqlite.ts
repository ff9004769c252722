import { Mutex } from 'async-mutex';
import { DataSource } from 'typeorm';
import type { Dialect } from './dialect';
import { entitiesFor } from './entities';
import { CreateTables1763850000000 } from './migrations/sqlite/1763850000000-create-tables';
import { type SqliteConnection, SqliteStatements } from './sqlite-statements';

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
    keyStep: '1',
    transactionNumber: '(SELECT MAX(number) FROM task_transactions)', // nobody else writes
    whileMigrating: (_runner, work) => work(), // the file is ours alone, too
  };
}

/** The file is created when it does not exist. One process at a time: a second one fails to open it. */
export function createSqliteDataSource(file: string): DataSource {
  return new DataSource({
    type: 'better-sqlite3',
    database: file,
    prepareDatabase: (db: SqliteConnection) => {
      db.pragma('locking_mode = EXCLUSIVE');
      db.pragma('journal_mode = WAL');
      // What was answered OK survives a power cut, too.
      db.pragma('synchronous = FULL');
      // 4 MB: a commit that has split a page goes through the whole cache. Beyond, pages come from the system's.
      db.pragma('cache_size = -4000');
    },
    timeout: 1_000,
    entities: Object.values(entitiesFor('sqlite')),
    migrations: [CreateTables1763850000000],
    migrationsTableName: 'taskresults_migrations',
    logging: false,
  });
}
