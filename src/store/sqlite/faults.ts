import type { DriverError, DriverFault } from '../driver-errors';

const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM)/;

/** What an error of better-sqlite3 means, by its code. */
export function sqliteFaultOf({ code }: DriverError): DriverFault {
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return 'outdated'; // the key is there already
  return UNAVAILABLE.test(String(code)) ? 'unavailable' : 'unknown';
}
