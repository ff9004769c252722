import { QueryFailedError } from 'typeorm';
import { classify, withoutParameters } from '../../src/store/driver-errors';
import { mysqlFaultOf } from '../../src/store/mysql/faults';
import { sqliteFaultOf } from '../../src/store/sqlite/faults';
import { UnusableDatabase } from '../../src/store/unusable-database';

const error = (fields: object) => Object.assign(new Error('words of the driver'), fields);

test.each([
  ['a deadlock', { errno: 1213 }, 'retry'],
  ['a lock of TiDB that could not be had', { errno: 1105, code: 'ER_UNKNOWN_ERROR' }, 'retry'],
  ['a packet that is too large', { errno: 1153, code: 'ER_NET_PACKET_TOO_LARGE' }, 'unavailable'],
  ['a statement that took too long on MariaDB', { errno: 1969 }, 'unavailable'],
  ['a statement that took too long on MySQL', { errno: 3024 }, 'unavailable'],
  ['a node without a quorum', { errno: 1047 }, 'unavailable'],
  ['a packet that the server could not read', { errno: 1158 }, 'connection-lost'],
  ['a link that was reset', { code: 'ECONNRESET' }, 'connection-lost'],
  ['a mistake of ours', { errno: 1064, code: 'ER_PARSE_ERROR' }, 'unknown'],
])('%s, on MySQL', (_what, fields, fault) => {
  expect(classify(error(fields), mysqlFaultOf)).toBe(fault);
  expect(classify(new QueryFailedError('SELECT 1', ['secret'], error(fields)), mysqlFaultOf)).toBe(fault);
});

test.each([
  ['a key that is there already', 'SQLITE_CONSTRAINT_PRIMARYKEY', 'outdated'],
  ['a full disk', 'SQLITE_FULL', 'unavailable'],
  ['a kind of failed read', 'SQLITE_IOERR_READ', 'unavailable'],
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
