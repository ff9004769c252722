import type { DriverError, DriverFault } from '../driver-errors';

/**
 * Numbers of errors of MySQL 8, MariaDB and TiDB; those from 8000 on are TiDB's. A number that is not here, such as
 * that of a mistake in a statement or of a table that is missing, means a bug.
 */
const NUMBERS: Readonly<Record<Exclude<DriverFault, 'unknown'>, readonly number[]>> = {
  retry: [
    // A deadlock, a lock given to somebody else. On Galera also a conflict.
    1213, 1689,
    // A row has changed since the snapshot was taken, or the snapshot is too old.
    1020, 8055, 9006,
    // A table or the schema has changed, or a prepared statement must be prepared again.
    1412, 1615, 8028, 8113,
    // The server says that the error is temporary.
    1297,
    // A conflict with another member of MySQL Group Replication.
    3101,
    // TiDB: conflicts of transactions; locks that have expired, or that could not be resolved.
    8002, 8005, 8022, 8147, 9007, 8229, 9004,
  ],
  // A lock was waited for too long, or must not be waited for: the latter on MySQL and TiDB.
  locked: [1205, 3572],
  // A key that is there already; and a number out of range, which only ever comes from `Dialect.assertChanged`, since
  // every number of ours fits its column.
  outdated: [1062, 1690],
  'in-doubt': [
    // The server is shutting down, or has given up or killed the connection, or found it idle for too long.
    1053, 1152, 1184, 1927, 3169, 4031,
    // The query was interrupted.
    1317,
    // Something was lost on its way to the server or back.
    1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161,
    // An error of any kind during COMMIT.
    1180,
    // No number of its own. On TiDB mostly a pessimistic lock that could not be had.
    1105,
  ],
  unavailable: [
    // Disk, table, memory or undo log full; no thread to be had; more locks or transactions than it can hold.
    1021, 1114, 3675, 1037, 1038, 1041, 3015, 8001, 8175, 8176, 3019, 1135, 1206, 1637,
    // Too many connections, or too much, of everybody or of this user. The host is blocked after failed connections.
    1040, 1203, 1226, 1129, 8252, 8253, 8254,
    // The time that a statement may take is over, on MariaDB and on MySQL.
    1969, 3024,
    // The packet is too large, as when the setting was lowered; the row, or the transaction with its log.
    1153, 8025, 1197, 1705, 3231, 8004,
    // No access from this host, in this way, with this password, or without TLS; the account is locked.
    1042, 1130, 1251, 1698, 1045, 1820, 1862, 3159, 3118, 3955,
    // The database is unknown, or there is no right to it, to a table, to a column, or to what needs a privilege.
    1049, 1044, 1142, 1143, 1227, 8121,
    // Read-only: the server, the transaction, the schema, the table or InnoDB. A locked table.
    1290, 1836, 1792, 3989, 1036, 1874, 8020,
    // Galera: this node has no quorum. MySQL: offline, or out of its group. The server is not available.
    1047, 3032, 3100, 3781, 3782, 3797, 3798, 3168,
    // TiDB: this server is cut off from its cluster, or the cluster is overloaded.
    8027, 8120, 9001, 9002, 9003, 9005, 9008, 9010, 9011, 9012, 9013,
    // Files cannot be read or written; tables or indexes are damaged or missing; no number for a new row.
    1023, 1024, 1026, 1030, 1810, 1811, 1878, 1034, 1194, 1712, 1812, 1814, 1877, 1467,
  ],
};

const BY_NUMBER = new Map(
  Object.entries(NUMBERS).flatMap(([fault, numbers]) => numbers.map((number) => [number, fault as DriverFault])),
);

/** Codes that mysql2 makes itself, or this folder. */
const BY_CODE = new Map<unknown, DriverFault>([
  ['PROTOCOL_SEQUENCE_TIMEOUT', 'in-doubt'], // no answer came in time
  ['POOL_TIMEOUT', 'unavailable'], // no connection could be had in time
  ['HANDSHAKE_NO_SSL_SUPPORT', 'unavailable'], // the server has no TLS
  ['HANDSHAKE_SSL_ERROR', 'unavailable'], // its certificate is not trusted
]);

/** mysql2 and TypeORM give these no code. */
const BY_MESSAGE = new Map<unknown, DriverFault>([
  ['Queue limit reached.', 'unavailable'],
  ['Pool is closed.', 'unavailable'],
  ['Connection is not established with mysql database', 'unavailable'], // likewise
  ['connect ETIMEDOUT', 'unavailable'], // there was no handshake in time
]);

/** What an error of mysql2 means. */
export function mysqlFaultOf({ code, errno, fatal, message }: DriverError): DriverFault {
  const known = BY_NUMBER.get(errno as number) ?? BY_CODE.get(code) ?? BY_MESSAGE.get(message);
  // mysql2 calls it fatal whenever the connection is of no more use: the link broke, or was found to be closed.
  return known ?? (fatal === true ? 'in-doubt' : 'unknown');
}
