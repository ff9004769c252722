import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Command, StartCommand } from '../domain/command';
import { storeUnavailable } from '../domain/errors';
import { PENDING_INCARNATION, type ResultState } from '../domain/result-state';
import { type Clock, isFinished, type TaskResultStatus } from '../domain/task-result';
import type { Decision, Retention } from '../domain/transitions';
import { Batch, type NewChange, StartedAttempts, type Writes } from './batch';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import type { AttemptRow, ChangeRow, TransactionRow } from './entities';
import { pauseBeforeRetry, RETRIES } from './retry';
import { placeholders, type Statement } from './statement';
import type { Tables } from './tables';
import { Transaction } from './transaction';

/** What the rules look at, and the order in which columns are read. */
const STATE: readonly (keyof ResultState)[] = [
  'id',
  'status',
  'incarnation',
  'revision',
  'attempts',
  'errorCount',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'leaseExpiresAt',
  'expiresAt',
  'changedAt',
  'createFingerprint',
  'stateFingerprint',
  'payloadBytes',
  'errorBytes',
];

/** What transitions may change. */
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

/** What tells that a row is still the one that was read. The revision does not: it stays with a new lease. */
const ROW_VERSION = ['incarnation', 'changedAt'] as const;

const STARTED: readonly (keyof AttemptRow)[] = ['taskId', 'attempt', 'requestId'];

/** Of half a KB to a KB each. */
export const MOST_REMEMBERED = 16_384;

/** Values of one statement are looked for one by one, in a CASE. More than these are quicker in two statements. */
const MOST_ROWS_OF_AN_UPDATE = 32;

/** A try of a batch that was sent with its COMMIT, and whose answer was lost: it took effect if its token is there. */
interface InDoubt {
  token: string;
  batch: Batch;
  decisions: Decision[];
}

/** What a batch is decided on. */
interface Basis {
  remembered: ReadonlyMap<string, ResultState>;
  /** Ids to lock and to read. Those in neither are taken for new. */
  toLock: ReadonlySet<string>;
}

/** The write side of the store: one transaction for each batch of commands. */
export class Writer {
  /**
   * Unfinished results as this process wrote or read them last: their next transition need not read them. Another
   * process may have changed them since, so a decision on one of these holds only if the row could be written over.
   */
  readonly #remembered = new LRUCache<string, ResultState>({ max: MOST_REMEMBERED });

  constructor(
    private readonly source: DataSource,
    private readonly tables: Tables,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {}

  /** See TaskResultStore.transact. */
  transact(commands: readonly Command[]): Promise<Decision[]> {
    return this.dialect.exclusively(() => this.#untilDecided(commands));
  }

  async #untilDecided(commands: readonly Command[]): Promise<Decision[]> {
    const inDoubt: InDoubt[] = [];
    for (let attempt = 1; ; attempt++) {
      let sent: InDoubt | null = null;
      try {
        const basis = attempt === 1 ? this.#expected(commands) : everything(commands);
        const decisions = await this.#inTransaction(commands, basis, inDoubt, (batch) => {
          sent = batch;
        });
        if (decisions) return decisions;
      } catch (error) {
        const fault = classify(error);
        if (fault === 'unknown') throw withoutParameters(error);
        if (fault === 'unavailable' || attempt > RETRIES) throw storeUnavailable(withoutParameters(error));
        // After any other fault the database has rolled back: nothing is in doubt that was not before.
        if (fault === 'connection-lost' && sent) inDoubt.push(sent);
        // What is only out of date is read at once; again and again out of date is a rival, who needs time.
        if (fault !== 'outdated' || attempt > 1) await pauseBeforeRetry(attempt);
      }
    }
  }

  /**
   * Reads neither what this process remembers nor ids that are to be created, most of which are new: the database says
   * so when one was changed, or is there already.
   */
  #expected(commands: readonly Command[]): Basis {
    const toLock = idsNotCreated(commands);
    const remembered = new Map<string, ResultState>();
    for (const id of toLock) {
      const state = this.#remembered.get(id);
      if (state) remembered.set(id, state);
    }
    for (const command of commands) {
      // Whether its request has started an attempt before is asked of the database, which needs the lock.
      if (command.kind === 'start' && mayBeRepeated(command, remembered.get(command.id))) remembered.delete(command.id);
    }
    for (const id of remembered.keys()) toLock.delete(id);
    return { remembered, toLock };
  }

  /** Answers null if `remembered` was not enough to decide. Tells `sent` of what goes out with its COMMIT. */
  async #inTransaction(
    commands: readonly Command[],
    { remembered, toLock }: Basis,
    inDoubt: readonly InDoubt[],
    sent: (batch: InDoubt) => void,
  ): Promise<Decision[] | null> {
    const transaction = new Transaction(this.source.createQueryRunner(), this.dialect);
    try {
      const stored = await this.#lock(transaction, toLock);
      const earlier = await this.#committed(transaction, inDoubt);
      if (earlier) return earlier;
      const started = await this.#startedBefore(transaction, commands, stored);
      const batch = new Batch([...stored, ...remembered.values()], started, this.clock(), this.retention);
      const decisions = commands.map((command) => batch.take(command));
      // Only what is written finds out whether the row is still what it was taken for.
      const isWritten = (decision?: Decision) => decision?.kind === 'changed' || decision?.kind === 'deleted';
      if (!commands.every(({ id }, i) => isWritten(decisions[i]) || !remembered.has(id))) return null;
      await this.#commit(transaction, batch, decisions, inDoubt, sent);
      this.#remember(batch);
      return decisions;
    } finally {
      await transaction.end();
    }
  }

  /**
   * Writes what the batch has made, as one transaction with a number. The number is given when all rows are ours: an
   * earlier creation of the same id, which must have ended before, has a lower one. So it serves as the incarnation of
   * what is created.
   */
  async #commit(
    transaction: Transaction,
    batch: Batch,
    decisions: Decision[],
    inDoubt: readonly InDoubt[],
    sent: (batch: InDoubt) => void,
  ): Promise<void> {
    const writes = batch.writes();
    // A try in doubt may still arrive, when its packets were held up on their way: it will find its token taken, and
    // fail as a whole. If it has taken it already, this transaction waits for its end.
    const voided = this.#tokens(
      inDoubt.map(({ token }) => token),
      batch.now,
    );
    const rows = [...voided, ...this.#rowStatements(writes)];
    if (writes.changes.length === 0) {
      await transaction.commit(rows); // at most renewed leases: done twice, they do no harm
      return;
    }
    const token = uuidv7();
    sent({ token, batch, decisions });
    const numbering = this.#tokens([token], batch.now);
    const keeping = this.dialect.keepTransactionNumber;
    const answers = await transaction.commit([...rows, ...numbering, ...keeping, ...this.#numbered(writes)]);
    batch.settle(this.dialect.generatedKey(answers[rows.length]));
  }

  #tokens(tokens: readonly string[], at: number): Statement[] {
    return this.tables.transactions.insertion(tokens.map((token) => ({ token, at }) as TransactionRow));
  }

  /** The decisions of the try that took effect though its answer was lost; null: none did. */
  async #committed(transaction: Transaction, inDoubt: readonly InDoubt[]): Promise<Decision[] | null> {
    if (inDoubt.length === 0) return null;
    const tokens = inDoubt.map(({ token }) => token);
    const text = `SELECT number, token FROM task_transactions WHERE token IN (${placeholders(tokens.length)})`;
    const [rows] = await transaction.send([{ text, values: tokens }]);
    const [found] = rows as Pick<TransactionRow, 'number' | 'token'>[];
    const earlier = inDoubt.find(({ token }) => token === found?.token);
    if (!found || !earlier) return null;
    earlier.batch.settle(Number(found.number));
    return earlier.decisions;
  }

  /** Attempts that the requests of these starts have started already. */
  async #startedBefore(
    transaction: Transaction,
    commands: readonly Command[],
    stored: readonly ResultState[],
  ): Promise<StartedAttempts> {
    const started = new StartedAttempts();
    const byId = new Map(stored.map((state) => [state.id, state]));
    const starts = commands.filter((command) => command.kind === 'start');
    const asked = starts.filter((command) => mayBeRepeated(command, byId.get(command.id)));
    if (asked.length === 0) return started;
    const { attempts } = this.tables;
    const marks = placeholders(asked.length);
    const text = `${attempts.select(STARTED, 'a')} WHERE a.task_id IN (${marks}) AND a.request_id IN (${marks})`;
    const values = [...asked.map(({ id }) => id), ...asked.map(({ requestId }) => requestId)];
    const [rows] = await transaction.send([{ text, values }]);
    attempts.fromRaw(rows as AttemptRow[], STARTED);
    for (const row of rows as AttemptRow[]) started.add(row);
    return started;
  }

  #remember(batch: Batch): void {
    for (const [id, state] of batch.outcomes()) {
      if (state && !isFinished(state.status)) this.#remembered.set(id, state);
      else this.#remembered.delete(id);
    }
  }

  /** In the order of ids, so that two batches never wait for each other in a circle. */
  async #lock(transaction: Transaction, ids: ReadonlySet<string>): Promise<ResultState[]> {
    if (ids.size === 0) return [];
    const select = `${this.tables.results.select(STATE, 'r')} WHERE r.id IN (${placeholders(ids.size)}) ORDER BY r.id`;
    const [rows] = await transaction.send([{ text: `${select} ${this.dialect.lockClause}`, values: [...ids] }]);
    const states = rows as ResultState[];
    this.tables.results.fromRaw(states, STATE);
    return states;
  }

  #rowStatements(writes: Writes): Statement[] {
    return [
      ...this.#removal(writes.removals),
      ...this.tables.results.insertion(writes.inserts),
      ...this.#update(writes.updates),
      ...this.tables.attempts.insertion(writes.attempts),
      ...this.tables.errors.insertion(writes.errors),
      ...this.tables.returnValues.insertion(writes.returnValues),
      ...this.tables.metadata.insertion(writes.metadata),
    ];
  }

  /** What needs the number: what was created, and the change log. */
  #numbered({ inserts, changes }: Writes): Statement[] {
    const { transactionNumber } = this.dialect;
    const { results, changes: log } = this.tables;
    const isPending = ({ incarnation }: NewChange) => incarnation === PENDING_INCARNATION;
    const created = inserts.map(({ id }) => id);
    const statements = log.insertion(changes.filter((change) => !isPending(change)) as ChangeRow[]);
    statements.push(...log.insertionWith('incarnation', transactionNumber, changes.filter(isPending) as ChangeRow[]));
    if (created.length > 0) {
      const text = `UPDATE ${results.name} SET incarnation = ${transactionNumber} WHERE id IN (${placeholders(created.length)})`;
      statements.push({ text, values: created });
    }
    return statements;
  }

  /** The rows that say whether they are still what they were taken for go first. */
  #removal(removed: readonly ResultState[]): Statement[] {
    if (removed.length === 0) return [];
    const { attempts, errors, returnValues, metadata, results } = this.tables;
    const ids = removed.map(({ id }) => id);
    return [
      ...results.removal(removed, { key: 'id', version: ROW_VERSION }),
      ...this.dialect.assertChanged(removed.length),
      ...[attempts, errors, returnValues, metadata].map(({ name }) => ({
        text: `DELETE FROM ${name} WHERE task_id IN (${placeholders(ids.length)})`,
        values: ids,
      })),
    ];
  }

  /** Each row gets its own values. Rows of one status mostly share all but one or two, so they go together. */
  #update(updates: Writes['updates']): Statement[] {
    const byStatus = new Map<TaskResultStatus, Writes['updates']>();
    for (const update of updates) {
      const alike = byStatus.get(update.after.status);
      if (alike) alike.push(update);
      else byStatus.set(update.after.status, [update]);
    }
    const statements: Statement[] = [];
    for (const alike of byStatus.values()) {
      for (let first = 0; first < alike.length; first += MOST_ROWS_OF_AN_UPDATE) {
        statements.push(...this.#updateTogether(alike.slice(first, first + MOST_ROWS_OF_AN_UPDATE)));
      }
    }
    return statements;
  }

  #updateTogether(updates: Writes['updates']): Statement[] {
    // Only what differs in some row: every column costs.
    const properties = CHANGING.filter((property) =>
      updates.some(({ before, after }) => before[property] !== after[property]),
    );
    const statement = this.tables.results.update(updates, { key: 'id', version: ROW_VERSION, properties });
    return [statement, ...this.dialect.assertChanged(updates.length)];
  }
}

/** Whether the request of a start can have started an attempt of this result before. */
function mayBeRepeated({ requestId }: StartCommand, state: ResultState | undefined): boolean {
  return requestId !== null && state !== undefined && state.attempts > 0;
}

/** Takes nothing for granted. */
function everything(commands: readonly Command[]): Basis {
  return { remembered: new Map(), toLock: new Set(commands.map(({ id }) => id)) };
}

/** Ids of which the batch needs to know what is stored: all but those that it creates first. */
function idsNotCreated(commands: readonly Command[]): Set<string> {
  const created = new Set<string>();
  const others = new Set<string>();
  for (const { kind, id } of commands) {
    // What is created and deleted again leaves no row to insert, and so would not run into one that is there already.
    if (kind === 'delete') others.add(id);
    else if (kind === 'create' && !others.has(id)) created.add(id);
    else if (!created.has(id)) others.add(id);
  }
  return others;
}
