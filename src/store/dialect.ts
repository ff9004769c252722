import type { DataSource, QueryRunner } from 'typeorm';
import type { Micros } from '../domain/task-result';
import type { FaultOf } from './driver-errors';
import type { Entities } from './entities';
import type { Statement } from './statement';

/** A database of some engine. */
export interface Engine {
  readonly source: DataSource;
  readonly dialect: Dialect;
}

/** What differs between the engines, for one data source. Nothing else differs. */
export interface Dialect {
  /** The tables, with the column types of this engine. */
  readonly entities: Entities;

  /** What an error of the driver means. */
  readonly faultOf: FaultOf;

  /** Opens the data source, once, before anything else is called. */
  connect(): Promise<void>;

  /** At the end of a SELECT: locks its rows. Empty where `exclusively` keeps all others out. */
  readonly lockClause: string;

  /** Runs `work` when it may use the database: at once, or after all work that was given before. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;

  /** The rows of a statement outside any transaction, by the shortest way to the driver. */
  select(statement: Statement): Promise<unknown[]>;

  /** Runs statements in their order until one fails, and returns what the driver returned for each. */
  runAll(runner: QueryRunner, statements: readonly Statement[]): Promise<unknown[]>;

  /**
   * Fails, so that no COMMIT follows, unless the statement before it changed exactly `rows` rows. Empty where no other
   * process writes.
   */
  assertChanged(rows: number): Statement[];

  /** The key that an INSERT of one row generated, from what the driver returned. */
  generatedKey(result: unknown): number;

  /** Right after the INSERT into `task_transactions`: makes `transactionNumber` the key that it generated. */
  readonly keepTransactionNumber: readonly Statement[];

  /** SQL for that key, until the end of the transaction. */
  readonly transactionNumber: string;

  /**
   * The condition that a row was inserted longer than `age` ago. `now` is for engines without a clock of their own.
   */
  olderThan(age: Micros, now: Micros): Statement;

  /** SQL for the present time of the database, in microseconds; null: it has no clock of its own. */
  readonly time: string | null;

  /** SQL for the step between two keys that one server of the database generates. */
  readonly keyStep: string;

  /**
   * Runs `work` while no other process migrates the same database. Rejects with UnusableDatabase when another one does
   * so for too long, and with the reason of `signal` once that is aborted.
   */
  whileMigrating<T>(runner: QueryRunner, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}
