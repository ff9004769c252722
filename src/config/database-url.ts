import type { Database } from '../store/open';

const FORMS = 'sqlite:FILE, mysql://user:password@host:port/database or mariadb://…';

/** Reads a database URL, or says what is wrong with it. Never repeats it, since it may hold a password. */
export function parseDatabaseUrl(text: string): DatabaseUrl | { mistake: string } {
  if (text.startsWith('sqlite:')) {
    // As the driver takes it.
    const file = text.slice('sqlite:'.length).trim();
    const mistake = sqliteMistake(file);
    return mistake === null ? { engine: 'sqlite', file } : { mistake };
  }
  if (!/^(mysql|mariadb):\/\//.test(text)) return { mistake: `must be ${FORMS}` };
  const mistake = mysqlMistake(text);
  return mistake === null ? { engine: 'mysql', url: text } : { mistake };
}

/** A `Database` but for the size of its pool, which is a setting of its own. */
export type DatabaseUrl = { engine: 'mysql'; url: string } | { engine: 'sqlite'; file: string };

/** For people and logs: without the password. */
export function displayDatabase(database: Database): string {
  if (database.engine === 'sqlite') return `sqlite:${database.file}`;
  const url = new URL(database.url);
  url.password = '';
  return url.href;
}

/** SQLite takes some names for databases that are gone when they are closed. */
function sqliteMistake(file: string): string | null {
  if (file === '') return 'names no file, e.g. sqlite:taskresults.sqlite';
  if (file === ':memory:') return 'names no file, and a database in memory keeps nothing: sqlite:taskresults.sqlite';
  if (/^file:/i.test(file)) return 'must name a file by its path, not by a URI: sqlite:taskresults.sqlite';
  return null;
}

function mysqlMistake(text: string): string | null {
  if (!URL.canParse(text)) return 'is not a URL';
  const { username, password, pathname, searchParams } = new URL(text);
  if (pathname.length < 2) return 'names no database, e.g. mysql://user:password@host:3306/taskresults';
  const unknown = [...searchParams].find(([name, value]) => name !== 'tls' || value !== 'verify');
  if (unknown) return `has an unknown parameter "${unknown[0]}": only tls=verify is understood`;
  try {
    // One by one: the end of one and the beginning of the next must not make a character together.
    for (const part of [username, password, pathname]) decodeURIComponent(part);
    return null;
  } catch {
    return 'has a "%" that starts no percent-encoded character: write %25';
  }
}
