import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { Database } from '../../src/store/open';

/** An empty database that is dropped when the test is done with it. */
export interface TemporaryDatabase {
  database: Database;
  drop(): Promise<void>;
}

export type EngineName = 'sqlite' | 'mysql';

/** Every engine that suites run on. */
export const ENGINES: readonly EngineName[] = ['sqlite', 'mysql'];

export function temporaryDatabase(engine: EngineName): Promise<TemporaryDatabase> {
  return engine === 'sqlite' ? temporarySqlite() : temporaryMysql(testMysqlUrl());
}

/** The server that the global set-up found or started. */
export function testMysqlUrl(): string {
  const url = process.env.TASKRESULTS_TEST_MYSQL_URL;
  if (!url) throw new Error('TASKRESULTS_TEST_MYSQL_URL is not set: run the tests through jest');
  return url;
}

async function temporarySqlite(): Promise<TemporaryDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'taskresults-sqlite-'));
  return {
    database: { engine: 'sqlite', file: join(folder, 'test.sqlite') },
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A database on the MySQL server at `serverUrl`, whose user may create databases. */
export async function temporaryMysql(serverUrl: string): Promise<TemporaryDatabase> {
  const name = `taskresults_test_${randomBytes(6).toString('hex')}`;
  await execute(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    database: { engine: 'mysql', url: url.href, poolSize: 10 },
    drop: () => execute(serverUrl, `DROP DATABASE ${name}`),
  };
}

async function execute(uri: string, statement: string): Promise<void> {
  const connection = await createConnection(uri);
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}
