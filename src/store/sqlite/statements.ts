import { LRUCache } from 'lru-cache';
import { QueryFailedError } from 'typeorm';
import type { Statement } from '../statement';

/** What is used of better-sqlite3, which has no types of its own. */
export interface SqliteConnection {
  pragma(source: string, options?: { simple: boolean }): unknown;
  close(): void;
  prepare(text: string): {
    /** Whether it returns rows. */
    readonly reader: boolean;
    raw(): { all(values: readonly unknown[]): unknown[][] };
    run(values: readonly unknown[]): unknown;
    columns(): { name: string }[];
  };
}

/** Each takes up to some 100 KB. */
const MAX_PREPARED = 100;

/**
 * Statements of one connection, kept prepared and run by the driver itself: TypeORM's query runner waits, and this
 * driver returns at once. Rows come as arrays, since better-sqlite3 takes twice as long to make objects: see
 * docs/benchmarks.md.
 */
export class SqliteStatements {
  readonly #prepared = new LRUCache<string, (values: readonly unknown[]) => unknown>({ max: MAX_PREPARED });

  constructor(private readonly connection: SqliteConnection) {}

  /** Returns the rows of a SELECT, and what the driver returns for any other statement. */
  run({ text, values }: Statement): unknown {
    try {
      let prepared = this.#prepared.get(text);
      if (!prepared) {
        prepared = this.#prepare(text);
        this.#prepared.set(text, prepared);
      }
      return prepared(values);
    } catch (error) {
      throw new QueryFailedError(text, [...values], error as Error);
    }
  }

  #prepare(text: string): (values: readonly unknown[]) => unknown {
    const statement = this.connection.prepare(text);
    if (!statement.reader) return (values) => statement.run(values);
    const names = statement.columns().map(({ name }) => name);
    const rows = statement.raw();
    return (values) => rows.all(values).map((row) => asObject(names, row));
  }
}

function asObject(names: readonly string[], row: readonly unknown[]): object {
  const object: Record<string, unknown> = {};
  for (const [i, name] of names.entries()) object[name] = row[i];
  return object;
}
