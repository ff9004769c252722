import type { DataSource, EntitySchema, ValueTransformer } from 'typeorm';
import { placeholders, type Statement } from './statement';

type Property<Row> = keyof Row & string;

/**
 * The statements of one table, made from its entity. TypeORM's entity manager would build and read these statements
 * through objects of its own for each value, which costs more than all the rest of a call: see docs/benchmarks.md.
 */
export class Table<Row extends object> {
  readonly name: string;
  readonly #columns: Map<Property<Row>, string>;
  readonly #transformers: [Property<Row>, ValueTransformer][] = [];
  /** What the database does not make itself. */
  readonly #insertable: Property<Row>[] = [];

  constructor(source: DataSource, entity: EntitySchema<Row>) {
    const { tableName, columns } = source.getMetadata(entity);
    this.name = tableName;
    this.#columns = new Map(columns.map((column) => [column.propertyName as Property<Row>, column.databaseName]));
    for (const { propertyName, transformer, isGenerated } of columns) {
      const property = propertyName as Property<Row>;
      if (transformer) this.#transformers.push([property, transformer as ValueTransformer]);
      if (!isGenerated) this.#insertable.push(property);
    }
  }

  column(property: Property<Row>): string {
    return this.#columns.get(property) as string;
  }

  /** `SELECT` of these properties, under their own names, `FROM` this table as `alias`. */
  select(properties: readonly Property<Row>[], alias: string): string {
    const columns = properties.map((property) => `${alias}.${this.column(property)} AS ${quoted(property)}`);
    return `SELECT ${columns.join(', ')} FROM ${this.name} ${alias}`;
  }

  /** Rows as the driver gives them, in place. */
  fromRaw(rows: Row[]): Row[] {
    for (const row of rows) {
      for (const [property, { from }] of this.#transformers) {
        const value = row[property];
        if (value !== undefined) row[property] = from(value);
      }
    }
    return rows;
  }

  /** Values of one row, in the order of `properties`, as the driver takes them. */
  toRaw(row: Row, properties: readonly Property<Row>[]): unknown[] {
    const values: unknown[] = properties.map((property) => row[property]);
    for (const [property, { to }] of this.#transformers) {
      const at = properties.indexOf(property);
      if (at !== -1) values[at] = to(values[at]);
    }
    return values;
  }

  /** Inserts all rows; no statement for none. */
  insertion(rows: readonly Row[]): Statement[] {
    if (rows.length === 0) return [];
    const columns = this.#insertable.map((property) => this.column(property)).join(', ');
    const marks = `(${placeholders(this.#insertable.length)})`;
    return [
      {
        text: `INSERT INTO ${this.name} (${columns}) VALUES ${marks}${`, ${marks}`.repeat(rows.length - 1)}`,
        values: rows.flatMap((row) => this.toRaw(row, this.#insertable)),
      },
    ];
  }
}

/** All engines take backticks around a name. */
function quoted(name: string): string {
  return `\`${name}\``;
}
