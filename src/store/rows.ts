import type { ResultState } from '../domain/result-state';
import type { NewError } from '../domain/transitions';

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

/** The worker of each attempt. Rows are only added to `task_attempts`, as to the tables below but for errors. */
export interface AttemptRow {
  taskId: string;
  attempt: number;
  workerId: string;
  /** Null: the start had none. */
  requestId: string | null;
  startedAt: number;
}

/** One error of a result. The oldest are deleted when there are too many. */
export interface ErrorRow extends NewError {
  taskId: string;
  /** Place in the list of errors, from 1. */
  ordinal: number;
}

/** The return value of a SUCCESSFUL result. */
export interface ReturnValueRow {
  taskId: string;
  returnValueJson: string;
}

/** One label of a result. */
export interface MetadataRow {
  taskId: string;
  name: string;
  value: string;
}

/** One entry of the change log. */
export interface ChangeRow {
  seq: number;
  taskId: string;
  incarnation: number;
  revision: number;
  /** By the database's own clock, where it has one. Only the trimmer looks at it, in SQL. */
  insertedAt: number;
}

/** A transaction that changed results, or one that never may: see Writer. */
export interface TransactionRow {
  /** Higher than that of every transaction before it that changed one of the same results. */
  number: number;
  /** Made for this transaction alone, so that its sender knows it again. */
  token: string;
  /** As in ChangeRow. */
  insertedAt: number;
}
