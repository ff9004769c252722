import type { Database } from './store/open';

const FORMS = 'sqlite:FILE, mysql://user:password@host:port/database or mariadb://…';

/** Reads a database URL, or says what is wrong with it, never repeating it: it may hold a password. */
export function parseDatabaseUrl(text: string): DatabaseUrl | { mistake: string } {
  if (text.startsWith('sqlite:')) {
    const file = text.slice('sqlite:'.length);
    return file === '' ? { mistake: 'names no file, e.g. sqlite:taskresults.sqlite' } : { engine: 'sqlite', file };
  }
  if (!/^(mysql|mariadb):\/\//.test(text)) return { mistake: `must be ${FORMS}` };
  // Loaded only for such a URL: it brings the ORM along, which the client commands do without.
  const { mysqlUrlMistake } = require('./store/mysql') as typeof import('./store/mysql');
  const mistake = mysqlUrlMistake(text) ?? encodingMistake(new URL(text));
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

function encodingMistake({ username, password, pathname }: URL): string | null {
  try {
    decodeURIComponent(username + password + pathname);
    return null;
  } catch {
    return 'has a "%" that starts no percent-encoded character: write %25';
  }
}
