import { type DataSource, MigrationExecutor, QueryFailedError, type QueryRunner } from 'typeorm';
import { storeUnavailable } from '../domain/errors';
import type { TaskResultStore } from '../domain/store';
import type { Clock } from '../domain/task-result';
import type { Retention } from '../domain/transitions';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import { createMysqlDataSource, mysqlDialect } from './mysql/dialect';
import { createPrivately, createSqliteDataSource, notOpened, sqliteDialect } from './sqlite/dialect';
import { TypeOrmStore } from './typeorm-store';
import { UnusableDatabase } from './unusable-database';

/** Which database. */
export type Database = { engine: 'mysql'; url: string; poolSize: number } | { engine: 'sqlite'; file: string };

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

/** Connects, checks or migrates the schema, and gives the store. Throws UnusableDatabase or STORE_UNAVAILABLE. */
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
    throw asStartError(error);
  }
}

/** Brings the schema up to date; answers the names of the migrations that were run. */
export async function migrate(database: Database, signal?: AbortSignal): Promise<string[]> {
  const { source, dialect } = await connect(database);
  try {
    return (await pendingMigrations(source)).length > 0 ? await runMigrations(source, dialect, signal) : [];
  } catch (error) {
    throw asStartError(error);
  } finally {
    await source.destroy();
  }
}

async function connect(database: Database, maxRowBytes?: number): Promise<{ source: DataSource; dialect: Dialect }> {
  const [source, dialect] =
    database.engine === 'mysql'
      ? [createMysqlDataSource({ ...database, maxRowBytes }), mysqlDialect]
      : [createSqliteDataSource(database.file), sqliteDialect()];
  try {
    if (database.engine === 'sqlite') createPrivately(database.file);
    await source.initialize();
    await dialect.prepare(source);
  } catch (error) {
    // It may have got half-way, and an open pool keeps the process from ending.
    await source.driver.disconnect().catch(() => {});
    throw asStartError(database.engine === 'sqlite' ? notOpened(error, database.file) : error);
  }
  return { source, dialect };
}

/** What to tell whoever starts the server: nothing of what a driver says, which may hold data. */
function asStartError(error: unknown): unknown {
  if (error instanceof UnusableDatabase) return error;
  if (classify(error) !== 'unknown') return storeUnavailable(withoutParameters(error));
  return error instanceof QueryFailedError ? withoutParameters(error) : error;
}

async function runMigrations(source: DataSource, dialect: Dialect, signal?: AbortSignal): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    const migrating = () => executeMigrations(source, runner);
    return await dialect.whileMigrating(runner, migrating, signal);
  } finally {
    await runner.release();
  }
}

/** On the connection that holds the lock: when it is lost, the lock and the work are lost together. */
async function executeMigrations(source: DataSource, runner: QueryRunner): Promise<string[]> {
  const executor = new MigrationExecutor(source, runner);
  executor.transaction = source.options.migrationsTransactionMode ?? 'all';
  try {
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof QueryFailedError) || classify(error) === 'connection-lost') throw error;
    throw new UnusableDatabase(`a migration of the schema failed: ${withoutParameters(error).message}`);
  }
}

/** Names of migrations that the database lacks. */
async function pendingMigrations(source: DataSource): Promise<string[]> {
  const table = String(source.options.migrationsTableName);
  const runner = source.createQueryRunner();
  try {
    const known = source.migrations.map((migration) => migration.name ?? '');
    if (!(await runner.hasTable(table))) return known;
    const rows: { name: string }[] = await runner.query(`SELECT name FROM ${table}`);
    const done = new Set(rows.map((row) => row.name));
    if ([...done].some((name) => !known.includes(name))) {
      throw new UnusableDatabase('the schema of the database is newer than this program: use a newer taskresults');
    }
    return known.filter((name) => !done.has(name));
  } finally {
    await runner.release();
  }
}
