import { EntitySchema, type EntitySchemaColumnOptions, type ValueTransformer } from 'typeorm';
import type { ResultState } from '../domain/result-state';
import type { TaskError, TaskResultStatus } from '../domain/task-result';

/** One row of `task_results`: what is given at creation, and the state. Its size never changes. */
export interface ResultRow extends ResultState {
  taskPath: string;
  priority: number;
  queueName: string;
  runAfter: number | null;
  takesContext: boolean;
  backend: string;
  metadataCount: number;
  argsJson: string;
  kwargsJson: string;
}

/** The worker of each attempt. `task_attempts` is append-only, as are all tables below. */
export interface AttemptRow {
  taskId: string;
  attempt: number;
  workerId: string;
  /** Null: the start had none. */
  requestId: string | null;
  startedAt: number;
}

/** Its worker is that of its attempt. */
export interface ErrorRow extends Omit<TaskError, 'workerId'> {
  taskId: string;
  /** Place in the list of errors, from 1. */
  ordinal: number;
}

/** Of a SUCCESSFUL result. */
export interface ReturnValueRow {
  taskId: string;
  returnValueJson: string;
}

export interface MetadataRow {
  taskId: string;
  name: string;
  value: string;
}

export interface ChangeRow {
  seq: number;
  taskId: string;
  incarnation: number;
  revision: number;
  /** Of the database's own clock, where it has one. Nobody reads it here. */
  at: number;
}

/** A transaction that changed results, or one that never may: see Writer. */
export interface TransactionRow {
  /** Higher than that of every transaction before it that changed one of the same results. */
  number: number;
  /** Made for this transaction alone, so that whoever sent it knows it again. */
  token: string;
  at: number;
}

export interface Entities {
  results: EntitySchema<ResultRow>;
  attempts: EntitySchema<AttemptRow>;
  errors: EntitySchema<ErrorRow>;
  returnValues: EntitySchema<ReturnValueRow>;
  metadata: EntitySchema<MetadataRow>;
  changes: EntitySchema<ChangeRow>;
  transactions: EntitySchema<TransactionRow>;
}

export type EntityDialect = 'mysql' | 'sqlite';

/** Statuses by the number they have in the database, which is also their number in the proto. */
const STATUSES: readonly (TaskResultStatus | null)[] = [null, 'READY', 'RUNNING', 'FAILED', 'SUCCESSFUL'];

export function statusNumber(status: TaskResultStatus): number {
  return STATUSES.indexOf(status);
}

const asStatus: ValueTransformer = { to: statusNumber, from: (value: number) => STATUSES[value] };
const asNumber: ValueTransformer = { to: (v) => v, from: (v) => (v === null ? null : Number(v)) };
/** 0 is no moment: a column that may be NULL changes its size. */
const orNever: ValueTransformer = { to: (v) => v ?? 0, from: (v) => Number(v) || null };
const asText: ValueTransformer = { to: (v) => v, from: (v) => (v === null ? null : String(v)) };
/** A name that may be missing, in a column without NULL. */
const orNone: ValueTransformer = { to: (v) => v ?? '', from: (v) => String(v) || null };
const asBoolean: ValueTransformer = { to: Number, from: Boolean };

type Column = EntitySchemaColumnOptions;

/**
 * The column types of an engine. Names that callers choose are bytes on MySQL: every text collation that MySQL 8,
 * MariaDB and TiDB share takes "a" and "a " for the same, and most take "a" and "A" for the same. Times are integers,
 * and JSON is text, because every engine and driver hands just these back unchanged.
 */
const COLUMNS: Record<
  EntityDialect,
  Record<'id' | 'name' | 'print' | 'token' | 'now' | 'long' | 'micros' | 'moment' | 'int' | 'flag', Column>
> = {
  mysql: {
    id: { type: 'varbinary', length: 256, transformer: asText },
    name: { type: 'varbinary', length: 1020, transformer: asText },
    print: { type: 'char', length: 22 },
    token: { type: 'char', length: 36 },
    now: { type: 'timestamp', precision: 6, insert: false },
    long: { type: 'longtext' },
    micros: { type: 'bigint', transformer: asNumber },
    moment: { type: 'bigint', transformer: orNever },
    int: { type: 'int' },
    flag: { type: 'tinyint', transformer: asBoolean },
  },
  sqlite: {
    id: { type: 'text' },
    name: { type: 'text' },
    print: { type: 'text' },
    token: { type: 'text' },
    now: { type: 'integer' },
    long: { type: 'text' },
    micros: { type: 'integer' },
    moment: { type: 'integer', transformer: orNever },
    int: { type: 'integer' },
    flag: { type: 'integer', transformer: asBoolean },
  },
};

/** The tables as TypeORM sees them. The migrations of each engine create them; nothing is synchronised from here. */
export function entitiesFor(dialect: EntityDialect): Entities {
  const { id, name, print, token, now, long, micros, moment, int, flag } = COLUMNS[dialect];
  const nullable = (column: Column, columnName: string): Column => ({ ...column, name: columnName, nullable: true });
  const named = (column: Column, columnName: string): Column => ({ ...column, name: columnName });
  const key = (column: Column, columnName: string): Column => ({ ...column, name: columnName, primary: true });

  return {
    results: new EntitySchema<ResultRow>({
      name: 'TaskResult',
      tableName: 'task_results',
      columns: {
        id: key(id, 'id'),
        taskPath: named(name, 'task_path'),
        priority: named(int, 'priority'),
        queueName: named(name, 'queue_name'),
        runAfter: nullable(micros, 'run_after'),
        takesContext: named(flag, 'takes_context'),
        backend: named(name, 'backend'),
        status: { ...int, name: 'status', transformer: asStatus },
        incarnation: named(micros, 'incarnation'),
        revision: named(micros, 'revision'),
        attempts: named(int, 'attempts'),
        errorCount: named(int, 'error_count'),
        metadataCount: named(int, 'metadata_count'),
        enqueuedAt: named(micros, 'enqueued_at'),
        startedAt: named(moment, 'started_at'),
        lastAttemptedAt: named(moment, 'last_attempted_at'),
        finishedAt: named(moment, 'finished_at'),
        leaseExpiresAt: named(moment, 'lease_expires_at'),
        expiresAt: named(moment, 'expires_at'),
        changedAt: named(micros, 'changed_at'),
        createFingerprint: named(print, 'create_fingerprint'),
        stateFingerprint: named(print, 'state_fingerprint'),
        payloadBytes: named(int, 'payload_bytes'),
        errorBytes: named(int, 'error_bytes'),
        argsJson: named(long, 'args_json'),
        kwargsJson: named(long, 'kwargs_json'),
      },
    }),
    attempts: new EntitySchema<AttemptRow>({
      name: 'TaskAttempt',
      tableName: 'task_attempts',
      columns: {
        taskId: key(id, 'task_id'),
        attempt: key(int, 'attempt'),
        workerId: named(name, 'worker_id'),
        requestId: { ...name, name: 'request_id', transformer: orNone },
        startedAt: named(micros, 'started_at'),
      },
    }),
    errors: new EntitySchema<ErrorRow>({
      name: 'TaskError',
      tableName: 'task_errors',
      columns: {
        taskId: key(id, 'task_id'),
        ordinal: key(int, 'ordinal'),
        attempt: named(int, 'attempt'),
        raisedAt: named(micros, 'raised_at'),
        exceptionClassPath: named(long, 'exception_class_path'),
        message: named(long, 'message'),
        traceback: named(long, 'traceback'),
      },
    }),
    returnValues: new EntitySchema<ReturnValueRow>({
      name: 'TaskReturnValue',
      tableName: 'task_return_values',
      columns: { taskId: key(id, 'task_id'), returnValueJson: named(long, 'return_value_json') },
    }),
    metadata: new EntitySchema<MetadataRow>({
      name: 'TaskMetadata',
      tableName: 'task_metadata',
      columns: { taskId: key(id, 'task_id'), name: key(name, 'name'), value: named(name, 'value') },
    }),
    changes: new EntitySchema<ChangeRow>({
      name: 'TaskChange',
      tableName: 'task_changes',
      columns: {
        seq: { ...micros, name: 'seq', primary: true, generated: 'increment' },
        taskId: named(id, 'task_id'),
        incarnation: named(micros, 'incarnation'),
        revision: named(micros, 'revision'),
        at: named(now, 'at'),
      },
    }),
    transactions: new EntitySchema<TransactionRow>({
      name: 'TaskTransaction',
      tableName: 'task_transactions',
      columns: {
        number: { ...micros, name: 'number', primary: true, generated: 'increment' },
        token: named(token, 'token'),
        at: named(now, 'at'),
      },
    }),
  };
}
