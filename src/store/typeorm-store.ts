import type { DataSource } from 'typeorm';
import type { Command } from '../domain/command';
import type { Filter } from '../domain/filter';
import type { Change, ChangeLog, Outcome, Outline, Position, SeqRange, TaskResultStore } from '../domain/store';
import type { Clock, Micros, TaskResult, View } from '../domain/task-result';
import type { Retention } from '../domain/transitions';
import { ChangeLogReader } from './change-log';
import type { Dialect } from './dialect';
import { ListQuery } from './list-query';
import { ReadAccess } from './read-access';
import { Reader } from './reader';
import { Tables } from './tables';
import { Trimmer } from './trimmer';
import { Writer } from './writer';

/** The TaskResultStore over TypeORM, on every engine. The data source must be open and its schema current. */
export class TypeOrmStore implements TaskResultStore {
  readonly #access: ReadAccess;
  readonly #reader: Reader;
  readonly #listQuery: ListQuery;
  readonly #changeLog: ChangeLogReader;
  readonly #writer: Writer;
  readonly #trimmer: Trimmer;

  constructor(
    private readonly source: DataSource,
    private readonly dialect: Dialect,
    clock: Clock,
    retention: Retention,
  ) {
    const { entities, keyStep } = dialect;
    const tables = new Tables(source, entities);
    this.#access = new ReadAccess(source, dialect);
    this.#reader = new Reader(this.#access, tables);
    this.#listQuery = new ListQuery(this.#access, tables.results, entities.results);
    this.#changeLog = new ChangeLogReader(this.#access, tables, keyStep);
    this.#writer = new Writer(tables, source, dialect, clock, retention);
    this.#trimmer = new Trimmer(this.#access, dialect, clock);
  }

  transact(commands: readonly Command[], isGone: (place: number) => boolean = () => false): Promise<Outcome[]> {
    return this.#writer.transact(commands, isGone);
  }

  read(ids: readonly string[], view: View, maxBytes?: number): Promise<TaskResult[]> {
    return this.#reader.read(ids, view, maxBytes);
  }

  outline(ids: readonly string[]): Promise<Outline[]> {
    return this.#reader.outline(ids);
  }

  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.#listQuery.list(filter, after, limit);
  }

  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return this.#changeLog.changesAfter(cursor, limit);
  }

  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    return this.#changeLog.changesWithin(ranges);
  }

  changeLog(): Promise<ChangeLog> {
    return this.#changeLog.changeLog();
  }

  expired(now: Micros, limit: number): Promise<Outline[]> {
    return this.#reader.expired(now, limit);
  }

  trimChanges(age: Micros, limit: number): Promise<boolean> {
    return this.#trimmer.trim(age, limit);
  }

  async time(): Promise<Micros | null> {
    const { time } = this.dialect;
    if (time === null) return null;
    const statement = { text: `SELECT ${time} AS now`, values: [] };
    const [row] = (await this.#access.run(() => this.#access.selectRaw(statement))) as { now: Micros }[];
    return Number(row?.now);
  }

  async ping(): Promise<void> {
    await this.#access.run(() => this.source.query('SELECT 1'));
  }

  async close(): Promise<void> {
    await this.source.destroy();
  }
}
