import { QueryFailedError } from 'typeorm';
import { classify, type DriverFault, withoutParameters } from '../../src/store/driver-errors';
import { mysqlFaultOf } from '../../src/store/mysql/faults';
import { sqliteFaultOf } from '../../src/store/sqlite/faults';
import { UnusableDatabase } from '../../src/store/unusable-database';

const error = (fields: object) => Object.assign(new Error('words of the driver'), fields);

/** By the database that answers it. */
const NUMBERS: [number: number, what: string, fault: DriverFault][] = [
  [1020, 'MariaDB: a row has changed since it was read', 'retry'],
  [1205, 'a lock was waited for too long; MariaDB: must not be waited for', 'locked'],
  [3572, 'MySQL: a lock must not be waited for', 'locked'],
  [1213, 'a deadlock', 'retry'],
  [1412, 'the definition of a table has changed', 'retry'],
  [1615, 'a prepared statement must be prepared again', 'retry'],
  [3101, 'MySQL Group Replication: rolled back during COMMIT', 'retry'],
  [8002, 'TiDB: a conflict at COMMIT', 'retry'],
  [8022, 'TiDB: COMMIT failed and was rolled back', 'retry'],
  [8028, 'TiDB: the schema has changed', 'retry'],
  [9004, 'TiDB: a lock could not be resolved', 'retry'],
  [9007, 'TiDB: a write conflict', 'retry'],
  [1062, 'a key that is there already', 'outdated'],
  [1690, 'a number out of range', 'outdated'],
  [1053, 'the server is shutting down', 'in-doubt'],
  [1105, 'TiDB: pessimistic lock retry limit reached', 'in-doubt'],
  [1158, 'a packet that the server could not read', 'in-doubt'],
  [1180, 'an error during COMMIT', 'in-doubt'],
  [1317, 'the query was interrupted', 'in-doubt'],
  [1927, 'MariaDB: the connection was killed', 'in-doubt'],
  [3169, 'MySQL: the session was killed', 'in-doubt'],
  [4031, 'MySQL: idle for too long', 'in-doubt'],
  [1021, 'disk full', 'unavailable'],
  [1040, 'too many connections', 'unavailable'],
  [1045, 'access denied', 'unavailable'],
  [1047, 'Galera: a node without a quorum', 'unavailable'],
  [1129, 'the host is blocked', 'unavailable'],
  [1142, 'no right to a table', 'unavailable'],
  [1153, 'a packet that is too large', 'unavailable'],
  [1290, 'read-only', 'unavailable'],
  [1877, 'a damaged table', 'unavailable'],
  [1969, 'MariaDB: a statement took too long', 'unavailable'],
  [3024, 'MySQL: a statement took too long', 'unavailable'],
  [3032, 'MySQL: offline', 'unavailable'],
  [3100, 'MySQL Group Replication: the group does not take a transaction', 'unavailable'],
  [8175, 'TiDB: above the limit of memory', 'unavailable'],
  [9001, 'TiDB: the cluster does not answer', 'unavailable'],
  [9002, 'TiDB: the storage does not answer', 'unavailable'],
  [9005, 'TiDB: a region is not available', 'unavailable'],
  [1054, 'an unknown column', 'unknown'],
  [1064, 'a mistake in a statement', 'unknown'],
  [1146, 'a table that is missing', 'unknown'],
];

test.each(NUMBERS)('%i on MySQL, %s: %s', (errno, _what, fault) => {
  // mysql2 names an error as MySQL 8 does, also what another database answers; it has no name for some.
  for (const fields of [
    { errno, code: 'ER_SOMETHING' },
    { errno, code: undefined },
  ]) {
    expect(classify(error(fields), mysqlFaultOf)).toBe(fault);
    expect(classify(new QueryFailedError('SELECT 1', ['secret'], error(fields)), mysqlFaultOf)).toBe(fault);
  }
});

test.each<[string, object, DriverFault]>([
  ['a link that was reset', { code: 'ECONNRESET', fatal: true }, 'in-doubt'],
  ['a connection that was closed meanwhile', { fatal: true }, 'in-doubt'],
  ['no answer in time', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }, 'in-doubt'],
  ['no answer in time, says the system', { code: 'ETIMEDOUT', message: 'read ETIMEDOUT', fatal: true }, 'in-doubt'],
  ['no handshake in time', { code: 'ETIMEDOUT', message: 'connect ETIMEDOUT', fatal: true }, 'unavailable'],
  ['no connection in time', { code: 'POOL_TIMEOUT' }, 'unavailable'],
  ['a pool that is closed', { message: 'Pool is closed.' }, 'unavailable'],
  ['a certificate that is not trusted', { code: 'HANDSHAKE_SSL_ERROR', fatal: true }, 'unavailable'],
  ['a password that is refused', { errno: 1045, fatal: true }, 'unavailable'],
  ['a mistake of ours', {}, 'unknown'],
])('%s, on MySQL', (_what, fields, fault) => {
  expect(classify(error(fields), mysqlFaultOf)).toBe(fault);
});

test.each([
  ['a key that is there already', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'outdated'],
  ['a full disk', 'SQLITE_FULL', 'unavailable'],
  ['a kind of failed read', 'SQLITE_IOERR_READ', 'unavailable'],
  ['a file that may not be written', 'SQLITE_READONLY', 'unavailable'],
  ['a damaged file', 'SQLITE_CORRUPT', 'unavailable'],
  ['a damaged index', 'SQLITE_CORRUPT_INDEX', 'unavailable'],
  ['a file of something else', 'SQLITE_NOTADB', 'unavailable'],
  ['no access', 'SQLITE_PERM', 'unavailable'],
  ['a mistake of ours', 'SQLITE_ERROR', 'unknown'],
])('%s, on SQLite', (_what, code, fault) => {
  expect(classify(new QueryFailedError('SELECT 1', ['secret'], error({ code })), sqliteFaultOf)).toBe(fault);
});

test.each([mysqlFaultOf, sqliteFaultOf])('a database that cannot be used is named in the log (%p)', (faultOf) => {
  const unusable = new UnusableDatabase('a session of the database has sql_mode = …');
  const failed = new QueryFailedError('SELECT 1', ['secret'], unusable);
  expect(classify(unusable, faultOf)).toBe('unavailable');
  expect(classify(failed, faultOf)).toBe('unavailable');
  expect(withoutParameters(failed)).toBe(unusable);
});
