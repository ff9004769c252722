import { type DataSource, MigrationExecutor, QueryFailedError, type QueryRunner } from 'typeorm';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import { UnusableDatabase } from './unusable-database';

/**
 * The names of the migrations that the database lacks. Rejects with UnusableDatabase if it has some that are unknown.
 */
export async function pendingMigrations(source: DataSource): Promise<string[]> {
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

/** Runs what is pending when no other process migrates, and returns the names of the migrations that were run. */
export async function runMigrations(source: DataSource, dialect: Dialect, signal?: AbortSignal): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    return await dialect.whileMigrating(runner, () => execute(source, runner, dialect), signal);
  } finally {
    await runner.release();
  }
}

/** On the connection that holds the lock: when it is lost, the lock and the work are lost together. */
async function execute(source: DataSource, runner: QueryRunner, { faultOf }: Dialect): Promise<string[]> {
  const executor = new MigrationExecutor(source, runner);
  executor.transaction = source.options.migrationsTransactionMode ?? 'all';
  try {
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  } catch (error) {
    if (!(error instanceof QueryFailedError) || classify(error, faultOf) === 'in-doubt') throw error;
    throw new UnusableDatabase(`a migration of the schema failed: ${withoutParameters(error).message}`);
  }
}
