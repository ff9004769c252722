import type { DataSource } from 'typeorm';
import type { Dialect } from './dialect';
import { readWithRetries } from './retry';
import type { Statement } from './statement';
import type { Table } from './table';

/** How everything but the transactions of the writer uses the database. */
export class ReadAccess {
  constructor(
    readonly source: DataSource,
    private readonly dialect: Dialect,
  ) {}

  /** Runs `read` when it may use the database, and again if its connection is gone: it must be safe to repeat. */
  run<T>(read: () => Promise<T>): Promise<T> {
    return this.dialect.exclusively(() => readWithRetries(this.dialect.faultOf, read));
  }

  /** The rows of a SELECT as the driver returns them, by the shortest way. Call it within `run`. */
  selectRaw(statement: Statement): Promise<unknown[]> {
    return this.dialect.select(statement);
  }

  /** The rows of a SELECT of `properties` of one table. Call it within `run`. */
  async select<Row extends object, P extends keyof Row & string>(
    table: Table<Row>,
    properties: readonly P[],
    statement: Statement,
  ): Promise<Pick<Row, P>[]> {
    const rows = (await this.selectRaw(statement)) as Pick<Row, P>[];
    table.fromRaw(rows, properties);
    return rows;
  }
}
