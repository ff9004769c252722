import { QueryFailedError } from 'typeorm';
import { storeUnavailable } from '../domain/errors';
import { UnusableDatabase } from './unusable-database';

/** What an error of a driver means to the store. */
export type DriverFault =
  /** The database chose this transaction as a victim and rolled it back: run it again. */
  | 'retry'
  /** Another transaction has a row locked, and has held it for longer than this one may wait. */
  | 'locked'
  /** A row is no longer what it was taken for, or is there already: read it, and run the transaction again. */
  | 'outdated'
  /** The connection is gone or a statement was cut off, and whether a COMMIT under way took effect is unknown. */
  | 'in-doubt'
  /** The database cannot serve now, and will not a moment later: full, read-only, damaged, access denied. */
  | 'unavailable'
  /** Everything else: a bug. */
  | 'unknown';

/** What a driver throws. Messages vary and hold data: an engine looks at one only where the driver gives no code. */
export interface DriverError {
  code?: unknown;
  errno?: unknown;
  fatal?: unknown;
  message?: unknown;
}

/** Finds out what an error of an engine's driver means. */
export type FaultOf = (error: DriverError) => DriverFault;

/** What an error means, whether it comes from the driver, from TypeORM or from this store. */
export function classify(error: unknown, faultOf: FaultOf): DriverFault {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const cause = (error as { driverError?: DriverError }).driverError ?? error;
  return cause instanceof UnusableDatabase ? 'unavailable' : faultOf(cause);
}

/** What went wrong, if another try may help. Otherwise throws what the caller of the store is to get. */
export function faultWorthRetry(error: unknown, faultOf: FaultOf): Exclude<DriverFault, 'unavailable' | 'unknown'> {
  const fault = classify(error, faultOf);
  if (fault === 'unknown') throw withoutParameters(error);
  if (fault === 'unavailable') throw storeUnavailable(withoutParameters(error));
  return fault;
}

/**
 * An error that can be logged: of a driver's error its code and place, without the text and parameters that hold data.
 */
export function withoutParameters(error: unknown): Error {
  if (!(error instanceof QueryFailedError)) return error instanceof Error ? error : new Error('not an error');
  if (error.driverError instanceof UnusableDatabase) return error.driverError;
  const { code, errno } = error.driverError as DriverError;
  const safe = new Error(`the database answered ${String(code ?? errno ?? 'an error')}`);
  const place = String(error.stack).split('\n');
  safe.stack = [safe.message, ...place.filter((line) => /^\s+at /.test(line))].join('\n');
  return safe;
}
