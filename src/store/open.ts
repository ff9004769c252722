import type { DataSource } from 'typeorm';
import { storeUnavailable } from '../domain/errors';
import type { Retention } from '../domain/lifecycle';
import type { TaskResultStore } from '../domain/store';
import type { Clock } from '../domain/task-result';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import { createMysqlDataSource, mysqlDialect } from './mysql';
import { createSqliteDataSource, sqliteDialect } from './sqlite';
import { TypeOrmStore } from './typeorm-store';

/** Which database. */
export type Database = { engine: 'mysql'; url: string; poolSize: number } | { engine: 'sqlite'; file: string };

/** What to do when the schema of the database is older than this program. */
export type WhenOutdated = 'migrate' | 'refuse';

/** The database cannot be used as it is; the message says what to do, in one line. */
export class SchemaError extends Error {}

export interface StoreOptions {
  clock: Clock;
  retention: Retention;
  whenOutdated: WhenOutdated;
}

/** Connects, checks or migrates the schema, and gives the store. Throws SchemaError or STORE_UNAVAILABLE. */
export async function openStore(database: Database, options: StoreOptions): Promise<TaskResultStore> {
  const { source, dialect } = await connect(database);
  try {
    const pending = await pendingMigrations(source);
    if (pending.length > 0 && options.whenOutdated === 'refuse') {
      throw new SchemaError(
        'the schema of the database is older than this program: run `taskresults migrate`, or start with --migrate',
      );
    }
    if (pending.length > 0) await runMigrations(source, dialect);
    return new TypeOrmStore(source, dialect, options.clock, options.retention);
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

/** Brings the schema up to date; answers the names of the migrations that were run. */
export async function migrate(database: Database): Promise<string[]> {
  const { source, dialect } = await connect(database);
  try {
    return (await pendingMigrations(source)).length > 0 ? await runMigrations(source, dialect) : [];
  } finally {
    await source.destroy();
  }
}

async function connect(database: Database): Promise<{ source: DataSource; dialect: Dialect }> {
  const source = database.engine === 'mysql' ? createMysqlDataSource(database) : createSqliteDataSource(database.file);
  const dialect = database.engine === 'mysql' ? mysqlDialect : sqliteDialect();
  try {
    await source.initialize();
    await dialect.prepare(source);
  } catch (error) {
    throw classify(error) === 'unknown' ? error : storeUnavailable(withoutParameters(error));
  }
  return { source, dialect };
}

async function runMigrations(source: DataSource, dialect: Dialect): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    return await dialect.whileMigrating(runner, async () => {
      const done = await source.runMigrations();
      return done.map((migration) => migration.name);
    });
  } finally {
    await runner.release();
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
      throw new SchemaError('the schema of the database is newer than this program: use a newer taskresults');
    }
    return known.filter((name) => !done.has(name));
  } finally {
    await runner.release();
  }
}
