import type { DataSource } from 'typeorm';
import type { Command } from '../domain/command';
import type { Filter } from '../domain/filter';
import type { Change, ChangeLog, Outline, Position, SeqRange, TaskResultStore } from '../domain/store';
import type { Clock, Micros, TaskResult, View } from '../domain/task-result';
import type { Decision, Retention } from '../domain/transitions';
import type { Dialect } from './dialect';
import { entitiesFor } from './entities';
import { Reader } from './reader';
import { readWithRetries } from './retry';
import { Tables } from './tables';
import { Trimmer } from './trimmer';
import { Writer } from './writer';

/** The TaskResultStore over TypeORM, on every engine. The data source must be open and its schema current. */
export class TypeOrmStore implements TaskResultStore {
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #trimmer: Trimmer;

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
    this.#trimmer = new Trimmer(source, dialect, clock);
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

  changeLog(): Promise<ChangeLog> {
    return this.#reader.changeLog();
  }

  expired(now: Micros, limit: number): Promise<Outline[]> {
    return this.#reader.expired(now, limit);
  }

  trimChanges(age: Micros, limit: number): Promise<boolean> {
    return this.#trimmer.trim(age, limit);
  }

  async ping(): Promise<void> {
    await this.dialect.exclusively(() => readWithRetries(() => this.source.query('SELECT 1')));
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }
}
