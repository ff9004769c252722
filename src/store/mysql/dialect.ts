import type { ExecuteValues, Pool, PoolConnection, QueryError, QueryValues, RowDataPacket } from 'mysql2';
import { type DataSource, QueryFailedError } from 'typeorm';
import type { Dialect, Engine } from '../dialect';
import { entitiesFor } from '../entities';
import { SCAN_MS, STATEMENT_MS } from './bounds';
import { MYSQL_COLUMNS } from './columns';
import { createDataSource, type MysqlDatabase } from './data-source';
import { mysqlFaultOf } from './faults';
import { withMigrationLock } from './migration-lock';
import { inPackets, type Packet } from './packets';
import { limitStatements } from './patience';
import { maxPacketBytes } from './session';

/** MySQL 8, MariaDB 10.6 and later, TiDB. `maxRowBytes`: see StoreOptions. */
export function mysqlEngine(database: MysqlDatabase, maxRowBytes = 0): Engine {
  const entities = entitiesFor(MYSQL_COLUMNS);
  const source = createDataSource(database, entities, maxRowBytes);
  let pool: Pool;
  const dialect: Dialect = {
    entities,

    faultOf: mysqlFaultOf,

    async connect() {
      await source.initialize();
      pool = poolOf(source);
    },

    lockClause: 'FOR UPDATE',

    exclusively: (work) => work(),

    // Straight from the driver: a single reader waits for every microtask of TypeORM, see docs/benchmarks.md.
    select: ({ text, values, prepared, scans }) =>
      new Promise((resolve, reject) => {
        const done = (error: QueryError | null, rows: RowDataPacket[]) => {
          if (error) reject(new QueryFailedError(text, [...values], error));
          else resolve(rows);
        };
        if (prepared) pool.execute(text, [...values] as ExecuteValues, done);
        else if (scans) scan(pool, text, [...values] as QueryValues, done);
        else pool.query(text, [...values] as QueryValues, done);
      }),

    // Mostly in one round trip, and straight to the driver as well.
    async runAll(runner, statements) {
      const connection: PoolConnection = await runner.connect();
      const format = (text: string, values: readonly unknown[]) => connection.format(text, [...values]);
      const results: unknown[] = [];
      for (const packet of inPackets(statements, maxPacketBytes(connection), format)) {
        const ofPacket = await send(connection, packet);
        results.push(...ofPacket.filter((_, i) => packet.firsts[i]));
      }
      return results;
    },

    // A sum beyond the greatest integer is an error on all of them. The variable makes it a statement without rows.
    assertChanged: (rows) => [{ text: 'SET @checked = ~0 + (ROW_COUNT() <> ?)', values: [rows] }],

    generatedKey: (result) => (result as { insertId: number }).insertId,

    keepTransactionNumber: [{ text: 'SET @transaction = LAST_INSERT_ID()', values: [] }],

    transactionNumber: '@transaction',

    olderThan: (age) => ({ text: 'inserted_at < NOW(6) - INTERVAL ? MICROSECOND', values: [age] }),

    time: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",

    keyStep: '@@auto_increment_increment',

    whileMigrating: withMigrationLock,
  };
  return { source, dialect };
}

/** Sends statements together. The server runs them in their order, and none after one that fails. */
function send(connection: PoolConnection, { text, values, firsts }: Packet): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    connection.query(text, values as QueryValues, (error: QueryError | null, result: unknown) => {
      if (error) reject(new QueryFailedError(text, values, error));
      else resolve(firsts.length === 1 ? [result] : (result as unknown[]));
    });
  });
}

/** As the pool's `query`, for a statement that may take longer than others. */
function scan(
  pool: Pool,
  text: string,
  values: QueryValues,
  done: (error: QueryError | null, rows: RowDataPacket[]) => void,
): void {
  pool.getConnection((error, connection) => {
    if (error) return done(error as QueryError, []);
    limitStatements(connection, SCAN_MS);
    connection.query(text, values, (failure: QueryError | null, rows: RowDataPacket[]) => {
      limitStatements(connection, STATEMENT_MS);
      connection.release();
      done(failure, rows);
    });
  });
}

/** The pool that TypeORM has made. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { pool: Pool }).pool;
}
