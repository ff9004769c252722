import { UnusableDatabase } from '../unusable-database';
import type { SqliteConnection } from './statements';

/** What better-sqlite3 exports. */
type Driver = new (file: string) => SqliteConnection;

/**
 * better-sqlite3, which is an optional dependency: part of it is machine code, and whoever uses MySQL does without.
 * Throws an UnusableDatabase that says how to get it when it cannot be loaded.
 */
export function loadSqliteDriver(): Driver {
  try {
    // biome-ignore lint/style/noCommonJs: an import could neither be caught nor wait until SQLite is asked for
    const driver: Driver = require('better-sqlite3');
    new driver(':memory:').close(); // only a connection loads the machine code
    return driver;
  } catch (error) {
    throw new UnusableDatabase(`SQLite cannot be used: ${whyNotLoaded(error as NodeJS.ErrnoException)}`);
  }
}

function whyNotLoaded({ code, message }: NodeJS.ErrnoException): string {
  const isMissing = code === 'MODULE_NOT_FOUND' || /Could not locate the bindings file/.test(message);
  if (isMissing) {
    return (
      'its driver better-sqlite3 is not installed, most likely because there was no compiler: install one ' +
      '(Debian: apt-get install -y build-essential python3), then run npm ci again'
    );
  }
  if (code === 'ERR_DLOPEN_FAILED') {
    return 'its driver better-sqlite3 was compiled for another Node.js or system: run npm rebuild better-sqlite3';
  }
  return `its driver better-sqlite3 does not load: ${message.split('\n')[0]}`;
}
