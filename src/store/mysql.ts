import type { ExecuteValues, Pool, PoolConnection, QueryError, QueryValues, RowDataPacket } from 'mysql2';
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import type { Dialect } from './dialect';
import { entitiesFor } from './entities';
import { CreateTables1763850000000 } from './migrations/mysql/1763850000000-create-tables';
import type { Statement } from './statement';

/** No gap locks: two replicas that create different ids never wait for each other. */
const READ_COMMITTED = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

const MIGRATION_LOCK = 'taskresults.migrate';
const MIGRATION_LOCK_SECONDS = 60;

/** MySQL 8, MariaDB 10.6 and later, TiDB. */
export const mysqlDialect: Dialect = {
  name: 'mysql',
  // Of every connection, now and later: one round trip less for each transaction.
  async prepare(source) {
    poolOf(source).on('connection', (connection) => connection.query(READ_COMMITTED));
    await source.query(READ_COMMITTED);
  },

  lockClause: 'FOR UPDATE',

  exclusively: (work) => work(),

  // Straight from the driver: a lone reader waits for every microtask of TypeORM's, see docs/benchmarks.md.
  select: (source, { text, values, prepared }) =>
    new Promise((resolve, reject) => {
      const pool = poolOf(source);
      const done = (error: QueryError | null, rows: RowDataPacket[]) => {
        if (error) reject(new QueryFailedError(text, [...values], error));
        else resolve(rows);
      };
      if (prepared) pool.execute(text, [...values] as ExecuteValues, done);
      else pool.query(text, [...values] as QueryValues, done);
    }),

  // In one round trip, and straight to the driver as well.
  async runAll(runner, statements) {
    const connection: PoolConnection = await runner.connect();
    const text = statements.map((statement) => statement.text).join('; ');
    const values = concatenated(statements);
    return new Promise((resolve, reject) => {
      connection.query(text, values as QueryValues, (error: QueryError | null, answer: unknown) => {
        if (error) reject(new QueryFailedError(text, values, error));
        else resolve(statements.length === 1 ? [answer] : (answer as unknown[]));
      });
    });
  },

  // A sum beyond the greatest integer is an error on all of them. The variable only makes it a statement without rows.
  assertChanged: (rows) => [{ text: 'SET @checked = ~0 + (ROW_COUNT() <> ?)', values: [rows] }],

  generatedKey: (answer) => (answer as { insertId: number }).insertId,

  keepTransactionNumber: [{ text: 'SET @transaction = LAST_INSERT_ID()', values: [] }],

  transactionNumber: '@transaction',

  keyStep: '@@auto_increment_increment',

  async whileMigrating(runner: QueryRunner, work) {
    const [row] = await runner.query('SELECT GET_LOCK(?, ?) AS taken', [MIGRATION_LOCK, MIGRATION_LOCK_SECONDS]);
    if (Number(row.taken) !== 1) throw new Error('another process is migrating this database');
    try {
      return await work();
    } finally {
      await runner.query('SELECT RELEASE_LOCK(?)', [MIGRATION_LOCK]);
    }
  },
};

/** The values of all statements. A loop, since `flatMap` takes several times as long for thousands of values. */
function concatenated(statements: readonly Statement[]): unknown[] {
  const all: unknown[] = [];
  for (const { values } of statements) for (const value of values) all.push(value);
  return all;
}

/** The pool that TypeORM has made. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { pool: Pool }).pool;
}

export interface MysqlOptions {
  /** `mysql://user:password@host:port/database`, also `mariadb://`. `?tls=verify` asks for TLS with a checked certificate. */
  url: string;
  /** Most connections at a time; 2 or more, since migrations run while one connection holds their lock. */
  poolSize: number;
}

export function createMysqlDataSource({ url: text, poolSize }: MysqlOptions): DataSource {
  const url = new URL(text);
  const tls = url.searchParams.get('tls') === 'verify';
  return new DataSource({
    type: 'mysql',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 3306),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout: 5_000,
    // For `runAll`. Values never become part of a statement's text other than through the driver's placeholders.
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    poolSize,
    ssl: tls ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' } : undefined,
    extra: {
      // An UPDATE counts the rows it changed, not the rows it found.
      flags: ['-FOUND_ROWS'],
      // A caller is told at once that the database cannot keep up, rather than waiting without end.
      queueLimit: 1_000,
      maxIdle: poolSize - 1,
      idleTimeout: 60_000,
      enableKeepAlive: true,
      ...(tls && { ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', verifyIdentity: true } }),
    },
    entities: Object.values(entitiesFor('mysql')),
    migrations: [CreateTables1763850000000],
    migrationsTableName: 'taskresults_migrations',
    migrationsTransactionMode: 'none', // these engines commit at every CREATE anyway
    logging: false,
  });
}
