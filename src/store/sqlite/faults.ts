import type { DriverError, DriverFault } from '../driver-errors';

/** In use elsewhere; full or out of memory; not to be read, written or opened; damaged, or no database at all. */
const UNAVAILABLE =
  /^SQLITE_(BUSY|LOCKED|PROTOCOL|FULL|NOMEM|NOLFS|IOERR|READONLY|CANTOPEN|PERM|AUTH|CORRUPT|NOTADB)(_|$)/;

/** What an error of better-sqlite3 means, by its code. */
export function sqliteFaultOf({ code }: DriverError): DriverFault {
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'outdated'; // the key is there already
  return UNAVAILABLE.test(String(code)) ? 'unavailable' : 'unknown';
}
