import { asBoolean, asNumber, asOptionalTime, asText, type ColumnTypes } from '../column-types';

/**
 * Names that callers choose are bytes: every text collation that MySQL 8, MariaDB and TiDB share takes "a" and "a " for
 * the same, and most take "a" and "A" for the same. JSON is text, since drivers parse a JSON column and engines rewrite
 * it.
 */
export const MYSQL_COLUMNS: ColumnTypes = {
  id: { type: 'varbinary', length: 256, transformer: asText },
  name: { type: 'varbinary', length: 1020, transformer: asText },
  fingerprint: { type: 'char', length: 22 },
  token: { type: 'char', length: 36 },
  insertedAt: { type: 'timestamp', precision: 6, insert: false },
  longText: { type: 'longtext' },
  bigInt: { type: 'bigint', transformer: asNumber },
  optionalTime: { type: 'bigint', transformer: asOptionalTime },
  int: { type: 'int' },
  boolean: { type: 'tinyint', transformer: asBoolean },
};
