import type { ExecuteValues, Pool, PoolConnection, PoolOptions, QueryError, QueryValues, RowDataPacket } from 'mysql2';
import { DataSource, QueryFailedError, type QueryRunner } from 'typeorm';
import type { Dialect } from '../dialect';
import { entitiesFor } from '../entities';
import { NO_LOG } from '../no-log';
import { UnusableDatabase } from '../unusable-database';
import { CreateTables1763850000000 } from './migrations/1763850000000-create-tables';
import { inPackets, type Packet } from './packets';
import { createSetUpPool } from './pool';
import { maxPacketBytes, setUpSession } from './session';

/** A lock of this database, not of its server. A name may have 64 characters, as many as that of a database alone. */
const MIGRATION_LOCK = "CONCAT('taskresults.migrate.', SHA1(DATABASE()))";
const MIGRATION_LOCK_TIMEOUT_MS = 60_000;
/** So long the server waits at a time, and whoever wants to stop waits for it. */
const MIGRATION_LOCK_STEP_SECONDS = 1;

/** MySQL 8, MariaDB 10.6 and later, TiDB. */
export const mysqlDialect: Dialect = {
  name: 'mysql',
  // The pool sets up each connection by itself.
  async prepare() {},

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

  // Mostly in one round trip, and straight to the driver as well.
  async runAll(runner, statements) {
    const connection: PoolConnection = await runner.connect();
    const format = (text: string, values: readonly unknown[]) => connection.format(text, [...values]);
    const answers: unknown[] = [];
    for (const packet of inPackets(statements, maxPacketBytes(connection), format)) {
      const ofPacket = await send(connection, packet);
      answers.push(...ofPacket.filter((_, i) => packet.firsts[i]));
    }
    return answers;
  },

  // A sum beyond the greatest integer is an error on all of them. The variable only makes it a statement without rows.
  assertChanged: (rows) => [{ text: 'SET @checked = ~0 + (ROW_COUNT() <> ?)', values: [rows] }],

  generatedKey: (answer) => (answer as { insertId: number }).insertId,

  keepTransactionNumber: [{ text: 'SET @transaction = LAST_INSERT_ID()', values: [] }],

  transactionNumber: '@transaction',

  olderThan: (age) => ({ text: 'at < NOW(6) - INTERVAL ? MICROSECOND', values: [age] }),

  keyStep: '@@auto_increment_increment',

  async whileMigrating(runner, work, signal) {
    await takeMigrationLock(runner, signal);
    try {
      return await work();
    } finally {
      await runner.query(`SELECT RELEASE_LOCK(${MIGRATION_LOCK})`).catch(() => {}); // gone with its connection
    }
  },
};

/** Sends statements together. The server runs them in their order, and none after one that fails. */
function send(connection: PoolConnection, { text, values, firsts }: Packet): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    connection.query(text, values as QueryValues, (error: QueryError | null, answer: unknown) => {
      if (error) reject(new QueryFailedError(text, values, error));
      else resolve(firsts.length === 1 ? [answer] : (answer as unknown[]));
    });
  });
}

async function takeMigrationLock(runner: QueryRunner, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + MIGRATION_LOCK_TIMEOUT_MS;
  do {
    signal?.throwIfAborted();
    const [row] = await runner.query(`SELECT GET_LOCK(${MIGRATION_LOCK}, ?) AS taken`, [MIGRATION_LOCK_STEP_SECONDS]);
    if (Number(row.taken) === 1) return;
  } while (performance.now() < deadline);
  throw new UnusableDatabase('another process is migrating this database');
}

/** The pool that TypeORM has made. */
function poolOf(source: DataSource): Pool {
  return (source.driver as unknown as { pool: Pool }).pool;
}

export interface MysqlOptions {
  /**
   * `mysql://user:password@host:port/database`, also `mariadb://`. `?tls=verify` asks for TLS with a checked
   * certificate.
   */
  url: string;
  /** Most connections at a time. */
  poolSize: number;
  /** The longest texts of one row together, in bytes. A database that does not take them is refused. */
  maxRowBytes?: number;
}

export function createMysqlDataSource({ url: text, poolSize, maxRowBytes = 0 }: MysqlOptions): DataSource {
  const url = new URL(text);
  const tls = url.searchParams.get('tls') === 'verify';
  return new DataSource({
    type: 'mysql',
    // In place of the driver itself, of which TypeORM uses no more.
    driver: {
      createPool: (options: PoolOptions) =>
        createSetUpPool(options, (connection, done) => setUpSession(connection, maxRowBytes, done)),
    },
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 3306),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout: 5_000,
    // For `runAll`. What keeps it safe is in docs/decisions/database-sessions.md.
    multipleStatements: true,
    supportBigNumbers: true,
    bigNumberStrings: false,
    poolSize,
    ssl: tls ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' } : undefined,
    extra: {
      // A value is a text: the driver would make assignments of an object.
      stringifyObjects: true,
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
    logger: NO_LOG,
  });
}
