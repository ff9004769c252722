import type { DataSource, QueryRunner } from 'typeorm';
import type { Micros } from '../domain/task-result';
import type { EntityDialect } from './entities';
import type { Statement } from './statement';

/** What differs between the engines, and nothing else does. */
export interface Dialect {
  readonly name: EntityDialect;

  /** Called once, when the database has been connected to. */
  prepare(source: DataSource): Promise<void>;

  /** At the end of a SELECT: locks its rows. Empty where `exclusively` keeps all others out. */
  readonly lockClause: string;

  /** Runs `work` when it may use the database: at once, or after all work that was given before. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;

  /** Rows of a statement outside any transaction, by the shortest way to the driver. */
  select(source: DataSource, statement: Statement): Promise<unknown[]>;

  /** Runs statements in their order until one fails, and answers what the driver answered to each. */
  runAll(runner: QueryRunner, statements: readonly Statement[]): Promise<unknown[]>;

  /**
   * Fails, so that no COMMIT follows, unless the statement before it changed so many rows. Nothing where no other
   * process writes.
   */
  assertChanged(rows: number): Statement[];

  /** The key that an INSERT of one row generated, from what the driver answered. */
  generatedKey(answer: unknown): number;

  /** Right behind the INSERT into `task_transactions`: makes `transactionNumber` the key that it generated. */
  readonly keepTransactionNumber: readonly Statement[];

  /** SQL for that key, until the end of the transaction. */
  readonly transactionNumber: string;

  /**
   * The condition that a row with a time `at` is older than `age`. `now` is for stores without a clock of their own.
   */
  olderThan(age: Micros, now: Micros): Statement;

  /** SQL for the step of the keys that one server of the database generates. */
  readonly keyStep: string;

  /**
   * Runs `work` while no other process migrates the same database. Rejects with the reason of `signal` once that is
   * aborted.
   */
  whileMigrating<T>(runner: QueryRunner, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}
