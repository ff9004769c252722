import { Mutex } from 'async-mutex';
import type { DataSource } from 'typeorm';
import type { Dialect, Engine } from '../dialect';
import { entitiesFor } from '../entities';
import { SQLITE_COLUMNS } from './columns';
import { createDataSource, type SqliteDatabase } from './data-source';
import { sqliteFaultOf } from './faults';
import { createPrivately, openError } from './file';
import { type SqliteConnection, SqliteStatements } from './statements';

/**
 * Embedded SQLite. There is one connection, so work is done one after the other: reads too, or they would see a
 * transaction that is not committed yet. No other process uses the file while it is open.
 */
export function sqliteEngine({ file }: SqliteDatabase): Engine {
  const entities = entitiesFor(SQLITE_COLUMNS);
  const source = createDataSource(file, entities);
  const mutex = new Mutex();
  let statements: SqliteStatements;
  const dialect: Dialect = {
    entities,

    faultOf: sqliteFaultOf,

    async connect() {
      createPrivately(file);
      await source.initialize().catch((error) => {
        throw openError(error, file);
      });
      statements = new SqliteStatements(connectionOf(source));
    },

    lockClause: '',

    exclusively: (work) => mutex.runExclusive(work),

    select: async (statement) => statements.run(statement) as unknown[],

    runAll: async (_runner, all) => all.map((statement) => statements.run(statement)),

    assertChanged: () => [],

    generatedKey: (result) => Number((result as { lastInsertRowid: number | bigint }).lastInsertRowid),

    keepTransactionNumber: [],

    transactionNumber: '(SELECT MAX(number) FROM task_transactions)',

    olderThan: (age, now) => ({ text: 'inserted_at < ?', values: [now - age] }),

    time: null,

    keyStep: '1',

    whileMigrating: (_runner, work) => work(),
  };
  return { source, dialect };
}

/** The connection that TypeORM has made. */
function connectionOf(source: DataSource): SqliteConnection {
  return (source.driver as unknown as { databaseConnection: SqliteConnection }).databaseConnection;
}
