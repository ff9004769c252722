import type { DataSource } from 'typeorm';
import type { Command } from '../domain/command';
import type { Filter } from '../domain/filter';
import type { Decision, Retention } from '../domain/lifecycle';
import type { Change, Outline, Position, SeqRange, TaskResultStore } from '../domain/store';
import type { Clock, Micros, TaskResult, View } from '../domain/task-result';
import type { Dialect } from './dialect';
import { entitiesFor } from './entities';
import { Reader } from './reader';
import { readWithRetries } from './retry';
import { Tables } from './tables';
import { Writer } from './writer';

/** The TaskResultStore over TypeORM, on every engine. The data source must be open and its schema current. */
export class TypeOrmStore implements TaskResultStore {
  readonly #reader: Reader;
  readonly #writer: Writer;

  constructor(
    private readonly source: DataSource,
    private readonly dialect: Dialect,
    clock: Clock,
    retention: Retention,
  ) {
    const entities = entitiesFor(dialect.name);
    const tables = new Tables(source, entities);
    this.#reader = new Reader(source, entities, tables, dialect);
    this.#writer = new Writer(source, tables, dialect, clock, retention);
  }

  transact(commands: readonly Command[]): Promise<Decision[]> {
    return this.#writer.transact(commands);
  }

  read(ids: readonly string[], view: View, mostBytes?: number): Promise<TaskResult[]> {
    return this.#reader.read(ids, view, mostBytes);
  }

  outline(ids: readonly string[]): Promise<Outline[]> {
    return this.#reader.outline(ids);
  }

  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.#reader.list(filter, after, limit);
  }

  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return this.#reader.changesAfter(cursor, limit);
  }

  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    return this.#reader.changesWithin(ranges);
  }

  newestChange(): Promise<number> {
    return this.#reader.newestChange();
  }

  expired(now: Micros, limit: number): Promise<Outline[]> {
    return this.#reader.expired(now, limit);
  }

  async trimChanges(before: Micros, limit: number): Promise<number> {
    return this.dialect.exclusively(() =>
      readWithRetries(async () => {
        // The log is in the order of time but for transactions that overlap: what is oldest by `seq` is old enough.
        const oldest = 'SELECT seq, at FROM task_changes ORDER BY seq LIMIT ?';
        const [row] = await this.source.query(
          `SELECT COUNT(*) AS count, MAX(o.seq) AS seq FROM (${oldest}) o WHERE o.at < ?`,
          [limit, before],
        );
        if (row.seq !== null) await this.source.query('DELETE FROM task_changes WHERE seq <= ?', [row.seq]);
        return Number(row.count);
      }),
    );
  }

  async ping(): Promise<void> {
    await this.dialect.exclusively(() => readWithRetries(() => this.source.query('SELECT 1')));
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }
}
