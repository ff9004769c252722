import type { DriverError, DriverFault } from '../driver-errors';

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
const OUTDATED = new Set(['1062', '1690']);

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

/** mysql2 gives these two no code. */
const QUEUE_FULL = 'Queue limit reached.';
const POOL_CLOSED = 'Pool is closed.';

/** What an error of mysql2 means, by its code and number. */
export function mysqlFaultOf({ code, errno, message }: DriverError): DriverFault {
  const names = [String(code), String(errno)];
  if (names.some((name) => RETRY.has(name))) return 'retry';
  if (names.some((name) => OUTDATED.has(name))) return 'outdated';
  if (names.some((name) => LOST.has(name))) return 'connection-lost';
  if (names.some((name) => UNAVAILABLE.has(name))) return 'unavailable';
  return message === QUEUE_FULL || message === POOL_CLOSED ? 'unavailable' : 'unknown';
}
