import type { DataSource } from 'typeorm';
import type { Entities } from './entities';
import type { AttemptRow, ChangeRow, ErrorRow, MetadataRow, ResultRow, ReturnValueRow, TransactionRow } from './rows';
import { Table } from './table';

/** The statements of all tables. The data source must be open. */
export class Tables {
  readonly results: Table<ResultRow>;
  readonly attempts: Table<AttemptRow>;
  readonly errors: Table<ErrorRow>;
  readonly returnValues: Table<ReturnValueRow>;
  readonly metadata: Table<MetadataRow>;
  readonly changes: Table<ChangeRow>;
  readonly transactions: Table<TransactionRow>;

  constructor(source: DataSource, entities: Entities) {
    this.results = new Table(source, entities.results);
    this.attempts = new Table(source, entities.attempts);
    this.errors = new Table(source, entities.errors);
    this.returnValues = new Table(source, entities.returnValues);
    this.metadata = new Table(source, entities.metadata);
    this.changes = new Table(source, entities.changes);
    this.transactions = new Table(source, entities.transactions);
  }
}
