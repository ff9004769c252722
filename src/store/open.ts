import { QueryFailedError } from 'typeorm';
import { storeUnavailable } from '../domain/errors';
import type { TaskResultStore } from '../domain/store';
import type { Clock } from '../domain/task-result';
import type { Retention } from '../domain/transitions';
import type { Engine } from './dialect';
import { classify, type FaultOf, withoutParameters } from './driver-errors';
import type { MysqlDatabase } from './mysql/data-source';
import { mysqlEngine } from './mysql/dialect';
import { pendingMigrations, runMigrations } from './schema';
import type { SqliteDatabase } from './sqlite/data-source';
import { sqliteEngine } from './sqlite/dialect';
import { TypeOrmStore } from './typeorm-store';
import { UnusableDatabase } from './unusable-database';

/** Which database. */
export type Database = MysqlDatabase | SqliteDatabase;

/** What to do when the schema of the database is older than this program. */
export type WhenOutdated = 'migrate' | 'refuse';

export interface StoreOptions {
  clock: Clock;
  retention: Retention;
  whenOutdated: WhenOutdated;
  /** The longest texts of one row together, in bytes. A database that does not take them is refused. */
  maxRowBytes?: number;
  /** Ends the wait for another process that migrates. */
  signal?: AbortSignal;
}

/**
 * Connects, checks or migrates the schema, and returns the store. Rejects with UnusableDatabase, STORE_UNAVAILABLE or
 * the reason of the signal.
 */
export async function openStore(database: Database, options: StoreOptions): Promise<TaskResultStore> {
  const { source, dialect } = await connect(database, options.maxRowBytes);
  try {
    const pending = await pendingMigrations(source);
    if (pending.length > 0 && options.whenOutdated === 'refuse') {
      throw new UnusableDatabase(
        'the schema of the database is older than this program: run `taskresults migrate`, or start with --migrate',
      );
    }
    if (pending.length > 0) await runMigrations(source, dialect, options.signal);
    return new TypeOrmStore(source, dialect, options.clock, options.retention);
  } catch (error) {
    await source.destroy();
    throw asStartError(error, dialect.faultOf);
  }
}

/** Brings the schema up to date, and returns the names of the migrations that were run. Rejects as `openStore` does. */
export async function migrate(database: Database, signal?: AbortSignal): Promise<string[]> {
  const { source, dialect } = await connect(database);
  try {
    return (await pendingMigrations(source)).length > 0 ? await runMigrations(source, dialect, signal) : [];
  } catch (error) {
    throw asStartError(error, dialect.faultOf);
  } finally {
    await source.destroy();
  }
}

function engineOf(database: Database, maxRowBytes?: number): Engine {
  switch (database.engine) {
    case 'mysql':
      return mysqlEngine(database, maxRowBytes);
    case 'sqlite':
      return sqliteEngine(database);
  }
}

async function connect(database: Database, maxRowBytes?: number): Promise<Engine> {
  const engine = engineOf(database, maxRowBytes);
  const { source, dialect } = engine;
  try {
    await dialect.connect();
    return engine;
  } catch (error) {
    // It may have got half-way, and an open pool keeps the process from ending.
    await source.driver.disconnect().catch(() => {});
    throw asStartError(error, dialect.faultOf);
  }
}

/** What to tell whoever starts the server. Messages of a driver are left out, since they may hold data. */
function asStartError(error: unknown, faultOf: FaultOf): unknown {
  if (error instanceof UnusableDatabase) return error;
  if (classify(error, faultOf) !== 'unknown') return storeUnavailable(withoutParameters(error));
  return error instanceof QueryFailedError ? withoutParameters(error) : error;
}
