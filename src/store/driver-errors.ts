import { QueryFailedError } from 'typeorm';
import { UnusableDatabase } from './unusable-database';

/**
 * What an error of a driver means to us. Drivers are asked for `code` and `errno` only: messages vary and hold data.
 */
export type DriverFault =
  /** The database chose this transaction as a victim: run it again. */
  | 'retry'
  /** A row is no longer what it was taken for, or is there already: read it, and run the transaction again. */
  | 'outdated'
  /** The connection is gone; whether a COMMIT under way took effect is unknown. */
  | 'connection-lost'
  /** The database answers, but cannot serve now: full, read-only, locked, too many connections. */
  | 'unavailable'
  /** Everything else: a bug. */
  | 'unknown';

const RETRY = new Set([
  '1105', // TiDB: a pessimistic lock could not be had. An error without a number of its own, on others
  '1205', // lock wait time-out
  '1213', // deadlock
  '8002', // TiDB: conflicts of optimistic transactions, as are the next two
  '8005',
  '9007',
]);

/**
 * A key that is there already; and a number out of range, which only ever comes from `Dialect.assertChanged`, since
 * every number of ours fits its column.
 */
const OUTDATED = new Set(['1062', 'SQLITE_CONSTRAINT_PRIMARYKEY', '1690']);

const LOST = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'PROTOCOL_ENQUEUE_AFTER_QUIT',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  '1053', // the server is shutting down
  '1158', // the server could not read what was sent to it, as with the next one
  '1159',
  '1160', // the server could not write its answer, as with the next one
  '1161',
  '1317', // the query was interrupted
  '1927', // MariaDB: the connection was killed
  '4031', // MySQL: the connection was idle for too long
]);

const UNAVAILABLE = new Set([
  '1021', // disk full
  '1040', // too many connections
  '1041', // out of memory
  '1044', // access denied to the database
  '1045', // access denied
  '1047', // Galera: this node has no quorum
  '1049', // unknown database
  '1114', // table full
  '1130', // host not allowed
  '1153', // the packet is too large: the setting was lowered since it was asked for
  '1203', // too many connections of this user
  '1226', // resource limit of this user
  '1290', // read-only
  '1792', // read-only transaction
  '1836', // read-only mode
  '1969', // MariaDB: the time that a statement may take is over
  '3024', // MySQL: the same
]);

interface DriverError {
  code?: unknown;
  errno?: unknown;
  driverError?: unknown;
  message?: unknown;
}

export function classify(error: unknown): DriverFault {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const cause = ((error as DriverError).driverError ?? error) as DriverError;
  if (cause instanceof UnusableDatabase) return 'unavailable';
  const { code, errno, message } = cause;
  const names = [String(code), String(errno)];
  if (names.some((name) => RETRY.has(name))) return 'retry';
  if (names.some((name) => OUTDATED.has(name))) return 'outdated';
  if (names.some((name) => LOST.has(name))) return 'connection-lost';
  if (names.some((name) => UNAVAILABLE.has(name))) return 'unavailable';
  if (/^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CANTOPEN|NOMEM)/.test(String(code))) return 'unavailable';
  // mysql2 gives these two no code.
  if (message === 'Queue limit reached.' || message === 'Pool is closed.') return 'unavailable';
  return 'unknown';
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
