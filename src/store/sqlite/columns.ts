import { asBoolean, asOptionalTime, type ColumnTypes } from '../column-types';

/** SQLite compares texts byte by byte. It has no type for times. */
export const SQLITE_COLUMNS: ColumnTypes = {
  id: { type: 'text' },
  name: { type: 'text' },
  fingerprint: { type: 'text' },
  token: { type: 'text' },
  insertedAt: { type: 'integer' },
  longText: { type: 'text' },
  bigInt: { type: 'integer' },
  optionalTime: { type: 'integer', transformer: asOptionalTime },
  int: { type: 'integer' },
  boolean: { type: 'integer', transformer: asBoolean },
};
