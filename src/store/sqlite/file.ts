import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { UnusableDatabase } from '../unusable-database';
import type { SqliteConnection } from './statements';

/** Creates the file, for its owner alone, if there is none. SQLite gives its other files the same permissions. */
export function createPrivately(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing && !existing.isFile()) throw new Error('it is no regular file');
    if (existing) return;
    mkdirSync(dirname(file), { recursive: true });
    closeSync(openSync(file, 'a', 0o600));
  } catch (error) {
    throw new UnusableDatabase(`cannot keep results in ${resolve(file)}: ${(error as Error).message}`);
  }
}

/** Sets what the service relies on. The file is ours alone from now on: a second process is refused. */
export function setUpFile(connection: SqliteConnection, file: string): void {
  try {
    connection.pragma('locking_mode = EXCLUSIVE');
    const mode = connection.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') throw new UnusableDatabase(`cannot keep results in ${file}: its journal is "${mode}"`);
    // What was answered OK survives a power cut, too.
    connection.pragma('synchronous = FULL');
    // 4 MB: a commit that has split a page goes through the whole cache. Beyond, pages come from the system's cache.
    connection.pragma('cache_size = -4000');
  } catch (error) {
    connection.close();
    throw error;
  }
}

/**
 * Why SQLite does not open a file, for whoever starts the server, with the whole path of it. Other errors come back as
 * they are.
 */
export function openError(error: unknown, file: string): unknown {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (!/^SQLITE_/.test(String(code))) return error;
  if (code === 'SQLITE_BUSY') {
    const advice = 'an SQLite file serves one process at a time; --database-url names another file';
    return new UnusableDatabase(`another process has ${resolve(file)} open: ${advice}`);
  }
  return new UnusableDatabase(`cannot keep results in ${resolve(file)}: ${message} (${code})`);
}
