import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { asOptionalName, asStatus, type ColumnType, type ColumnTypes } from './column-types';
import type { AttemptRow, ChangeRow, ErrorRow, MetadataRow, ResultRow, ReturnValueRow, TransactionRow } from './rows';

/** One entity for each table. */
export interface Entities {
  results: EntitySchema<ResultRow>;
  attempts: EntitySchema<AttemptRow>;
  errors: EntitySchema<ErrorRow>;
  returnValues: EntitySchema<ReturnValueRow>;
  metadata: EntitySchema<MetadataRow>;
  changes: EntitySchema<ChangeRow>;
  transactions: EntitySchema<TransactionRow>;
}

type Column = EntitySchemaColumnOptions;

/** The tables as TypeORM sees them. The migrations of each engine create them; nothing is synchronised from here. */
export function entitiesFor(types: ColumnTypes): Entities {
  const { id, name, fingerprint, token, insertedAt, longText, bigInt, optionalTime, int, boolean } = types;
  const column = (type: ColumnType, columnName: string): Column => ({ ...type, name: columnName });
  const nullable = (type: ColumnType, columnName: string): Column => ({ ...type, name: columnName, nullable: true });
  const key = (type: ColumnType, columnName: string): Column => ({ ...type, name: columnName, primary: true });
  const generatedKey = (type: ColumnType, columnName: string): Column => ({
    ...key(type, columnName),
    generated: 'increment',
  });

  return {
    results: new EntitySchema<ResultRow>({
      name: 'TaskResult',
      tableName: 'task_results',
      columns: {
        id: key(id, 'id'),
        taskPath: column(name, 'task_path'),
        priority: column(int, 'priority'),
        queueName: column(name, 'queue_name'),
        runAfter: nullable(bigInt, 'run_after'),
        takesContext: column(boolean, 'takes_context'),
        backend: column(name, 'backend'),
        status: { ...column(int, 'status'), transformer: asStatus },
        incarnation: column(bigInt, 'incarnation'),
        revision: column(bigInt, 'revision'),
        attempts: column(int, 'attempts'),
        maxAttempts: column(int, 'max_attempts'),
        errorCount: column(int, 'error_count'),
        metadataCount: column(int, 'metadata_count'),
        enqueuedAt: column(bigInt, 'enqueued_at'),
        startedAt: column(optionalTime, 'started_at'),
        lastAttemptedAt: column(optionalTime, 'last_attempted_at'),
        finishedAt: column(optionalTime, 'finished_at'),
        leaseExpiresAt: column(optionalTime, 'lease_expires_at'),
        expiresAt: column(optionalTime, 'expires_at'),
        changedAt: column(bigInt, 'changed_at'),
        createFingerprint: column(fingerprint, 'create_fingerprint'),
        stateFingerprint: column(fingerprint, 'state_fingerprint'),
        payloadBytes: column(int, 'payload_bytes'),
        errorBytes: column(int, 'error_bytes'),
        argsJson: column(longText, 'args_json'),
        kwargsJson: column(longText, 'kwargs_json'),
      },
    }),
    attempts: new EntitySchema<AttemptRow>({
      name: 'TaskAttempt',
      tableName: 'task_attempts',
      columns: {
        taskId: key(id, 'task_id'),
        attempt: key(int, 'attempt'),
        workerId: column(name, 'worker_id'),
        requestId: { ...column(name, 'request_id'), transformer: asOptionalName },
        startedAt: column(bigInt, 'started_at'),
      },
    }),
    errors: new EntitySchema<ErrorRow>({
      name: 'TaskError',
      tableName: 'task_errors',
      columns: {
        taskId: key(id, 'task_id'),
        ordinal: key(int, 'ordinal'),
        attempt: column(int, 'attempt'),
        raisedAt: column(bigInt, 'raised_at'),
        bytesBefore: column(int, 'bytes_before'),
        exceptionClassPath: column(longText, 'exception_class_path'),
        message: column(longText, 'message'),
        traceback: column(longText, 'traceback'),
      },
    }),
    returnValues: new EntitySchema<ReturnValueRow>({
      name: 'TaskReturnValue',
      tableName: 'task_return_values',
      columns: { taskId: key(id, 'task_id'), returnValueJson: column(longText, 'return_value_json') },
    }),
    metadata: new EntitySchema<MetadataRow>({
      name: 'TaskMetadata',
      tableName: 'task_metadata',
      columns: { taskId: key(id, 'task_id'), name: key(name, 'name'), value: column(name, 'value') },
    }),
    changes: new EntitySchema<ChangeRow>({
      name: 'TaskChange',
      tableName: 'task_changes',
      columns: {
        seq: generatedKey(bigInt, 'seq'),
        taskId: column(id, 'task_id'),
        incarnation: column(bigInt, 'incarnation'),
        revision: column(bigInt, 'revision'),
        insertedAt: column(insertedAt, 'inserted_at'),
      },
    }),
    transactions: new EntitySchema<TransactionRow>({
      name: 'TaskTransaction',
      tableName: 'task_transactions',
      columns: {
        number: generatedKey(bigInt, 'number'),
        token: column(token, 'token'),
        insertedAt: column(insertedAt, 'inserted_at'),
      },
    }),
  };
}
