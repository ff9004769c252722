import type { QueryRunner } from 'typeorm';
import { UnusableDatabase } from '../unusable-database';

/** A lock of this database, not of its server. A name may have 64 characters, as many as that of a database alone. */
const LOCK = "CONCAT('taskresults.migrate.', SHA1(DATABASE()))";
const TIMEOUT_MS = 60_000;
/** One call waits for the lock this long. The signal is looked at between two calls. */
const WAIT_SECONDS = 1;

/** See Dialect.whileMigrating. The lock belongs to the connection of `runner`, and goes with it. */
export async function withMigrationLock<T>(
  runner: QueryRunner,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await takeLock(runner, signal);
  try {
    return await work();
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${LOCK})`).catch(() => {}); // gone with its connection
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
