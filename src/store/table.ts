import type { DataSource, EntitySchema, ValueTransformer } from 'typeorm';
import { placeholders, type Statement } from './statement';

type Property<Row> = keyof Row & string;

/** Appends some values of a row. */
export type Append<Row> = (values: unknown[], row: Row) => void;

/**
 * The statements of one table, made from its entity. TypeORM's entity manager would build and read these statements
 * through objects of its own for each value, which costs more than all the rest of a call: see docs/benchmarks.md.
 */
export class Table<Row extends object> {
  readonly name: string;
  readonly #columns: Map<Property<Row>, string>;
  readonly #transformers = new Map<Property<Row>, ValueTransformer>();
  readonly #insert: { columns: string; marks: string; append: Append<Row> };

  constructor(source: DataSource, entity: EntitySchema<Row>) {
    const { tableName, columns } = source.getMetadata(entity);
    this.name = tableName;
    this.#columns = new Map(columns.map((column) => [column.propertyName as Property<Row>, column.databaseName]));
    for (const { propertyName, transformer } of columns) {
      if (transformer) this.#transformers.set(propertyName as Property<Row>, transformer as ValueTransformer);
    }
    // What the database does not make itself.
    const insertable = columns.filter((column) => !column.isGenerated);
    this.#insert = {
      columns: insertable.map((column) => column.databaseName).join(', '),
      marks: `(${placeholders(insertable.length)})`,
      append: this.appender(insertable.map((column) => column.propertyName as Property<Row>)),
    };
  }

  column(property: Property<Row>): string {
    return this.#columns.get(property) as string;
  }

  /** `SELECT` of these properties, under their own names, `FROM` this table as `alias`. */
  select(properties: readonly Property<Row>[], alias: string): string {
    return `SELECT ${this.list(properties, alias)} FROM ${this.name} ${alias}`;
  }

  /** These properties of this table as `alias`, under their own names. */
  list(properties: readonly Property<Row>[], alias: string): string {
    return properties.map((property) => `${alias}.${this.column(property)} AS ${quoted(property)}`).join(', ');
  }

  /** The properties of rows as the driver gives them, in place. */
  fromRaw<P extends Property<Row>>(rows: Pick<Row, P>[], properties: readonly P[]): void {
    for (const property of properties) {
      const from = this.#transformers.get(property)?.from;
      if (from) for (const row of rows) row[property] = from(row[property]);
    }
  }

  /** A function that appends the values of `properties` of a row, in their order and as the driver takes them. */
  appender<P extends Property<Row>>(properties: readonly P[]): Append<Pick<Row, P>> {
    const columns = properties.map((property) => ({ property, to: this.#transformers.get(property)?.to }));
    return (values, row) => {
      for (const { property, to } of columns) values.push(to ? to(row[property]) : row[property]);
    };
  }

  /** Inserts all rows; no statement for none. */
  insertion(rows: readonly Row[]): Statement[] {
    if (rows.length === 0) return [];
    const { columns, marks, append } = this.#insert;
    const values: unknown[] = [];
    for (const row of rows) append(values, row);
    return [
      { text: `INSERT INTO ${this.name} (${columns}) VALUES ${marks}${`, ${marks}`.repeat(rows.length - 1)}`, values },
    ];
  }
}

/** All engines take backticks around a name. */
function quoted(name: string): string {
  return `\`${name}\``;
}
