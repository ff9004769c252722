import type { PoolConnection } from 'mysql2';
import type { QueryRunner } from 'typeorm';
import { UnusableDatabase } from '../unusable-database';
import { limitStatements } from './patience';
import { LIFT_SERVER_LIMIT } from './session';

/** A lock of this database, not of its server. A name may have 64 characters, as many as that of a database alone. */
const LOCK = "CONCAT('taskresults.migrate.', SHA1(DATABASE()))";
const TIMEOUT_MS = 60_000;
/** One call waits for the lock this long. The signal is looked at between two calls. */
const WAIT_SECONDS = 1;

/**
 * See Dialect.whileMigrating. The lock belongs to the connection of `runner`, whose statements may then take as long as
 * they like, and which is of no more use afterwards.
 */
export async function withMigrationLock<T>(
  runner: QueryRunner,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await takeLock(runner, signal);
  const connection: PoolConnection = await runner.connect();
  limitStatements(connection, Number.POSITIVE_INFINITY);
  try {
    await runner.query(LIFT_SERVER_LIMIT);
    return await work();
  } finally {
    connection.destroy(); // and the lock with it
  }
}

async function takeLock(runner: QueryRunner, signal: AbortSignal | undefined): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS;
  do {
    signal?.throwIfAborted();
    const [row] = await runner.query(`SELECT GET_LOCK(${LOCK}, ?) AS taken`, [WAIT_SECONDS]);
    if (Number(row.taken) === 1) return;
  } while (performance.now() < deadline);
  throw new UnusableDatabase('another process is migrating this database');
}
