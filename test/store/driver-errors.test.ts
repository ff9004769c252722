import { QueryFailedError } from 'typeorm';
import { classify, withoutParameters } from '../../src/store/driver-errors';
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
])('%s', (_what, fields, fault) => {
  expect(classify(error(fields))).toBe(fault);
  expect(classify(new QueryFailedError('SELECT 1', ['secret'], error(fields)))).toBe(fault);
});

test('a session that cannot be used is named in the log, wherever it came up', () => {
  const unusable = new UnusableDatabase('a session of the database has sql_mode = …');
  const failed = new QueryFailedError('SELECT 1', ['secret'], unusable);
  expect(classify(unusable)).toBe('unavailable');
  expect(classify(failed)).toBe('unavailable');
  expect(withoutParameters(failed)).toBe(unusable);
});
