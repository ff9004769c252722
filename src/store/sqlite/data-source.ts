import { DataSource } from 'typeorm';
import type { Entities } from '../entities';
import { NO_LOG } from '../no-log';
import { loadSqliteDriver } from './driver';
import { setUpFile } from './file';
import { CreateTables1763850000000 } from './migrations/1763850000000-create-tables';
import type { SqliteConnection } from './statements';

export interface SqliteDatabase {
  engine: 'sqlite';
  file: string;
}

export function createDataSource(file: string, entities: Entities): DataSource {
  return new DataSource({
    type: 'better-sqlite3',
    driver: loadSqliteDriver(),
    database: file,
    prepareDatabase: (connection: SqliteConnection) => setUpFile(connection, file),
    timeout: 1_000,
    entities: Object.values(entities),
    migrations: [CreateTables1763850000000],
    migrationsTableName: 'taskresults_migrations',
    logger: NO_LOG,
  });
}
