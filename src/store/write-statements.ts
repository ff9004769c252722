import { PENDING_INCARNATION, type ResultState } from '../domain/result-state';
import type { TaskResultStatus } from '../domain/task-result';
import type { DroppedErrors, NewChange, Update, Writes } from './batch';
import type { Dialect } from './dialect';
import type { ChangeRow, TransactionRow } from './rows';
import { placeholders, type Statement } from './statement';
import type { Tables } from './tables';

/** The properties that transitions may change. */
const CHANGING: readonly (keyof ResultState)[] = [
  'status',
  'revision',
  'attempts',
  'errorCount',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'leaseExpiresAt',
  'expiresAt',
  'changedAt',
  'stateFingerprint',
  'payloadBytes',
  'errorBytes',
];

/** What shows that a row is still the one that was read. The revision does not: it stays with a new lease. */
const ROW_VERSION = ['incarnation', 'changedAt'] as const;

/** The database goes through the values of an UPDATE one by one, in a CASE. More rows are quicker in two statements. */
const MAX_ROWS_OF_AN_UPDATE = 32;

/** The statements that write what a batch has made, in the order in which they must run. */
export class WriteStatements {
  constructor(
    private readonly tables: Tables,
    private readonly dialect: Dialect,
  ) {}

  /**
   * Writes all rows but those of the change log. The statements fail when a row is no longer what it was taken for, or
   * when an id that is to be created is there already.
   */
  rows(writes: Writes): Statement[] {
    return [
      ...this.#deletes(writes.deletes),
      ...this.tables.results.insert(writes.inserts),
      ...this.#updates(writes.updates),
      ...this.tables.attempts.insert(writes.attempts),
      ...this.tables.errors.insert(writes.errors),
      ...this.#dropErrors(writes.droppedErrors),
      ...this.tables.returnValues.insert(writes.returnValues),
      ...this.tables.metadata.insert(writes.metadata),
    ];
  }

  /** Takes these tokens for the transaction. The statement fails if another transaction has one of them. */
  tokens(tokens: readonly string[], insertedAt: number): Statement[] {
    return this.tables.transactions.insert(tokens.map((token) => ({ token, insertedAt }) as TransactionRow));
  }

  /** Writes what needs the number of the transaction: the change log, and the incarnation of what was created. */
  numbered({ inserts, changes }: Writes): Statement[] {
    const { transactionNumber } = this.dialect;
    const { results, changes: log } = this.tables;
    const isPending = ({ incarnation }: NewChange) => incarnation === PENDING_INCARNATION;
    const created = inserts.map(({ id }) => id);
    const statements = log.insert(changes.filter((change) => !isPending(change)) as ChangeRow[]);
    statements.push(...log.insertWith('incarnation', transactionNumber, changes.filter(isPending) as ChangeRow[]));
    if (created.length > 0) {
      const set = `SET incarnation = ${transactionNumber}`;
      const text = `UPDATE ${results.name} ${set} WHERE id IN (${placeholders(created.length)})`;
      statements.push({ text, values: created });
    }
    return statements;
  }

  /** Results go first: they are the rows that show whether they are still what they were taken for. */
  #deletes(deleted: readonly ResultState[]): Statement[] {
    if (deleted.length === 0) return [];
    const { attempts, errors, returnValues, metadata, results } = this.tables;
    const ids = deleted.map(({ id }) => id);
    return [
      ...results.delete(deleted, { key: 'id', version: ROW_VERSION }),
      ...this.dialect.assertChanged(deleted.length),
      ...[attempts, errors, returnValues, metadata].map(({ name }) => ({
        text: `DELETE FROM ${name} WHERE task_id IN (${placeholders(ids.length)})`,
        values: ids,
      })),
    ];
  }

  #dropErrors(dropped: readonly DroppedErrors[]): Statement[] {
    const { name } = this.tables.errors;
    return dropped.map(({ taskId, before }) => ({
      text: `DELETE FROM ${name} WHERE task_id = ? AND bytes_before < ?`,
      values: [taskId, before],
    }));
  }

  /** Each row gets its own values. Rows of one status mostly share all but one or two, so they go together. */
  #updates(updates: readonly Update[]): Statement[] {
    const byStatus = new Map<TaskResultStatus, Update[]>();
    for (const update of updates) {
      const alike = byStatus.get(update.after.status);
      if (alike) alike.push(update);
      else byStatus.set(update.after.status, [update]);
    }
    const statements: Statement[] = [];
    for (const alike of byStatus.values()) {
      for (let first = 0; first < alike.length; first += MAX_ROWS_OF_AN_UPDATE) {
        statements.push(...this.#updateTogether(alike.slice(first, first + MAX_ROWS_OF_AN_UPDATE)));
      }
    }
    return statements;
  }

  #updateTogether(updates: readonly Update[]): Statement[] {
    // Only what differs in some row: every column costs.
    const properties = CHANGING.filter((property) =>
      updates.some(({ before, after }) => before[property] !== after[property]),
    );
    const statement = this.tables.results.update(updates, { key: 'id', version: ROW_VERSION, properties });
    return [statement, ...this.dialect.assertChanged(updates.length)];
  }
}
