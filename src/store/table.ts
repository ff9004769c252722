import type { DataSource, EntitySchema, ValueTransformer } from 'typeorm';
import { placeholders, type Statement } from './statement';

type Property<Row> = keyof Row & string;
type ToDriver = ValueTransformer['to'];

/** How the rows of a table are inserted. */
interface Insertion<Row> {
  columns: string;
  /** The values of one row, as SQL. */
  row: string;
  /** What is put in place of the question marks in `row`. */
  parameters: readonly { property: Property<Row>; to?: ToDriver }[];
}

/**
 * The statements of one table, made from its entity. TypeORM's entity manager builds objects of its own for each value,
 * which costs more than all the rest of a call: see docs/benchmarks.md.
 */
export class Table<Row extends object> {
  readonly name: string;
  readonly #columns: Map<Property<Row>, string>;
  readonly #transformers = new Map<Property<Row>, ValueTransformer>();
  readonly #insertion: Insertion<Row>;

  constructor(source: DataSource, entity: EntitySchema<Row>) {
    const { tableName, columns } = source.getMetadata(entity);
    this.name = tableName;
    this.#columns = new Map(columns.map((column) => [column.propertyName as Property<Row>, column.databaseName]));
    for (const { propertyName, transformer } of columns) {
      if (transformer) this.#transformers.set(propertyName as Property<Row>, transformer as ValueTransformer);
    }
    // What the database does not make itself.
    const insertable = columns.filter((column) => !column.isGenerated && column.isInsert);
    this.#insertion = {
      columns: insertable.map((column) => column.databaseName).join(', '),
      row: `(${placeholders(insertable.length)})`,
      parameters: insertable.map(({ propertyName }) => {
        const property = propertyName as Property<Row>;
        return { property, to: this.#transformers.get(property)?.to };
      }),
    };
  }

  column(property: Property<Row>): string {
    return this.#columns.get(property) as string;
  }

  /** `SELECT` of these properties, under their own names, `FROM` this table as `alias`. */
  select(properties: readonly Property<Row>[], alias: string): string {
    return `SELECT ${this.columns(properties, alias)} FROM ${this.name} ${alias}`;
  }

  /** These properties of this table as `alias`, under their own names, for a SELECT. */
  columns(properties: readonly Property<Row>[], alias: string): string {
    return properties.map((property) => `${alias}.${this.column(property)} AS ${quoted(property)}`).join(', ');
  }

  /** Converts these properties of rows from what the driver returns, in place. */
  fromRaw<P extends Property<Row>>(rows: Pick<Row, P>[], properties: readonly P[]): void {
    for (const property of properties) {
      const from = this.#transformers.get(property)?.from;
      if (from) for (const row of rows) row[property] = from(row[property]);
    }
  }

  /** Inserts all rows. Returns no statement when there are none. */
  insert(rows: readonly Row[]): Statement[] {
    return rows.length === 0 ? [] : [this.#insert(rows, this.#insertion)];
  }

  /** The same, but `property` of every row is what the SQL `expression` says. */
  insertWith(property: Property<Row>, expression: string, rows: readonly Row[]): Statement[] {
    if (rows.length === 0) return [];
    const { columns, parameters } = this.#insertion;
    const values = parameters.map((parameter) => (parameter.property === property ? expression : '?')).join(', ');
    const others = parameters.filter((parameter) => parameter.property !== property);
    return [this.#insert(rows, { columns, row: `(${values})`, parameters: others })];
  }

  #insert(rows: readonly Row[], insertion: Insertion<Row>): Statement {
    const { columns, row: ofRow, parameters } = insertion;
    const values: unknown[] = [];
    for (const row of rows) {
      for (const { property, to } of parameters) values.push(to ? to(row[property]) : row[property]);
    }
    const text = `INSERT INTO ${this.name} (${columns}) VALUES ${ofRow}${`, ${ofRow}`.repeat(rows.length - 1)}`;
    if (rows.length === 1) return { text, values };
    const middle = rows.length >> 1;
    return {
      text,
      values,
      halves: () => [this.#insert(rows.slice(0, middle), insertion), this.#insert(rows.slice(middle), insertion)],
    };
  }

  /**
   * Sets `properties` of rows found by `key`, if their `version` is still what it was before. What all rows share is
   * written once, everything else in a CASE, which every engine takes. A join with the rows as a derived table took the
   * database a tenth to a quarter longer: docs/benchmarks.md.
   */
  update<P extends Property<Row>>(
    updates: readonly { before: Pick<Row, P>; after: Pick<Row, P> }[],
    { key, version, properties }: { key: P; version: readonly P[]; properties: readonly P[] },
  ): Statement {
    const after = updates.map((update) => update.after);
    const assignments = properties.map((property) => this.#equation(after, key, property));
    const found = this.#unchanged(
      updates.map((update) => update.before),
      { key, version },
    );
    const set = assignments.map(({ text }) => text).join(', ');
    return {
      text: `UPDATE ${this.name} SET ${set} WHERE ${found.text}`,
      values: [...assignments, found].flatMap(({ values }) => values),
    };
  }

  /** Deletes rows found by `key`, if their `version` is still what it was. Returns no statement when there are none. */
  delete<P extends Property<Row>>(
    rows: readonly Pick<Row, P>[],
    { key, version }: { key: P; version: readonly P[] },
  ): Statement[] {
    if (rows.length === 0) return [];
    const found = this.#unchanged(rows, { key, version });
    return [{ text: `DELETE FROM ${this.name} WHERE ${found.text}`, values: found.values }];
  }

  /** The condition that finds these rows if they still have this version. */
  #unchanged<P extends Property<Row>>(
    rows: readonly Pick<Row, P>[],
    { key, version }: { key: P; version: readonly P[] },
  ): Statement {
    const keys = this.#values(rows, key);
    const equations = version.map((property) => this.#equation(rows, key, property));
    const found = `${this.column(key)} IN (${placeholders(keys.length)})`;
    return {
      text: [found, ...equations.map(({ text }) => text)].join(' AND '),
      values: [...keys, ...equations.flatMap(({ values }) => values)],
    };
  }

  /** `column = value` with the value of each row, as an assignment or as a condition. */
  #equation<P extends Property<Row>>(rows: readonly Pick<Row, P>[], key: P, property: P): Statement {
    const ofRows = this.#values(rows, property);
    const [first] = ofRows;
    if (ofRows.every((value) => value === first)) return { text: `${this.column(property)} = ?`, values: [first] };
    const keys = this.#values(rows, key);
    const values: unknown[] = [];
    for (const [i, of] of keys.entries()) values.push(of, ofRows[i]);
    const cases = `CASE ${this.column(key)}${' WHEN ? THEN ?'.repeat(keys.length)} END`;
    return { text: `${this.column(property)} = ${cases}`, values };
  }

  /** The values of one property, as the driver takes them. */
  #values<P extends Property<Row>>(rows: readonly Pick<Row, P>[], property: P): unknown[] {
    const to = this.#transformers.get(property)?.to;
    return rows.map((row) => (to ? to(row[property]) : row[property]));
  }
}

/** All engines take backticks around a name. */
function quoted(name: string): string {
  return `\`${name}\``;
}
