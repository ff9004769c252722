import type { QueryRunner } from 'typeorm';
import type { EntityDialect } from './entities';

/** What differs between the engines, and nothing else does. */
export interface Dialect {
  readonly name: EntityDialect;

  /** The isolation a write transaction needs beside its row locks; undefined: the engine's only one. */
  readonly isolation: 'READ COMMITTED' | undefined;

  /** Rows can be locked while they are read. Otherwise `exclusively` must keep all others out. */
  readonly locksRows: boolean;

  /** Runs `work` when it may use the database: at once, or after all work that was given before. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;

  /** An UPDATE that sets `columns` of `table` from `values`, a derived table with these columns and `key`. */
  updateFrom(table: string, key: string, columns: readonly string[], values: string): string;

  /** A parameter for a column that holds bytes on this engine. */
  bytes(text: string): unknown;

  /** Runs `work` while no other process migrates the same database. */
  whileMigrating<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T>;
}
