import type { PoolOptions } from 'mysql2';
import { DataSource } from 'typeorm';
import type { Entities } from '../entities';
import { NO_LOG } from '../no-log';
import { CONNECT_MS, KEEPALIVE_MS } from './bounds';
import { CreateTables1763850000000 } from './migrations/1763850000000-create-tables';
import { createBoundedPool } from './pool';
import { setUpSession } from './session';

export interface MysqlDatabase {
  engine: 'mysql';
  /**
   * `mysql://user:password@host:port/database`, also `mariadb://`. `?tls=verify` asks for TLS with a checked
   * certificate.
   */
  url: string;
  /** At most this many connections at a time. */
  poolSize: number;
}

/** `maxRowBytes`: see StoreOptions. */
export function createDataSource(database: MysqlDatabase, entities: Entities, maxRowBytes: number): DataSource {
  const { poolSize } = database;
  const url = new URL(database.url);
  const tls = url.searchParams.get('tls') === 'verify';
  return new DataSource({
    type: 'mysql',
    // In place of the driver itself. This is all that TypeORM uses of it.
    driver: {
      createPool: (options: PoolOptions) =>
        createBoundedPool(options, (connection, done) => setUpSession(connection, maxRowBytes, done)),
    },
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 3306),
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
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
      keepAliveInitialDelay: KEEPALIVE_MS,
      ...(tls && { ssl: { rejectUnauthorized: true, minVersion: 'TLSv1.2', verifyIdentity: true } }),
    },
    entities: Object.values(entities),
    migrations: [CreateTables1763850000000],
    migrationsTableName: 'taskresults_migrations',
    migrationsTransactionMode: 'none', // these engines commit at every CREATE anyway
    logger: NO_LOG,
  });
}
