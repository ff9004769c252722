import type { EntitySchemaColumnOptions, ValueTransformer } from 'typeorm';
import type { TaskResultStatus } from '../domain/task-result';

/** A column without its name. */
export type ColumnType = Omit<EntitySchemaColumnOptions, 'name'>;

/** The column types that an engine must have. Each hands back exactly what was written. */
export interface ColumnTypes {
  /** The id of a result. It is compared byte by byte. */
  id: ColumnType;
  /** A name that callers choose. It is compared byte by byte. */
  name: ColumnType;
  /** What `fingerprint` returns: 22 characters of ASCII. */
  fingerprint: ColumnType;
  /** A UUID: 36 characters of ASCII. */
  token: ColumnType;
  /** When the row was inserted: by the clock of the database, if the engine has one. */
  insertedAt: ColumnType;
  /** A text of any length, JSON included. */
  longText: ColumnType;
  /** An integer of up to 53 bits: counters, and times in microseconds. */
  bigInt: ColumnType;
  /** A time that may be missing. Missing is 0, so that the row keeps its size. */
  optionalTime: ColumnType;
  /** An integer of up to 31 bits. */
  int: ColumnType;
  boolean: ColumnType;
}

/** Statuses by the number they have in the database, which is also their number in the proto. */
const STATUSES: readonly (TaskResultStatus | null)[] = [null, 'READY', 'RUNNING', 'FAILED', 'SUCCESSFUL'];

export function statusNumber(status: TaskResultStatus): number {
  return STATUSES.indexOf(status);
}

export const asStatus: ValueTransformer = { to: statusNumber, from: (value: number) => STATUSES[value] };
export const asNumber: ValueTransformer = { to: (v) => v, from: (v) => (v === null ? null : Number(v)) };
export const asText: ValueTransformer = { to: (v) => v, from: (v) => (v === null ? null : String(v)) };
export const asBoolean: ValueTransformer = { to: Number, from: Boolean };
/** A time that may be missing, in a column without NULL: a column that may be NULL changes the size of its row. */
export const asOptionalTime: ValueTransformer = { to: (v) => v ?? 0, from: (v) => Number(v) || null };
/** A name that may be missing, in a column without NULL. */
export const asOptionalName: ValueTransformer = { to: (v) => v ?? '', from: (v) => String(v) || null };
