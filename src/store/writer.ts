import { LRUCache } from 'lru-cache';
import type { DataSource } from 'typeorm';
import type { Command } from '../domain/command';
import { storeUnavailable } from '../domain/errors';
import type { Decision, ResultState, Retention } from '../domain/lifecycle';
import { type Clock, isFinished, type TaskResultStatus } from '../domain/task-result';
import { Batch, type Writes } from './batch';
import type { Dialect } from './dialect';
import { classify, withoutParameters } from './driver-errors';
import type { ChangeRow } from './entities';
import { pauseBeforeRetry, RETRIES } from './retry';
import { placeholders, type Statement } from './statement';
import type { Tables } from './tables';
import { Transaction } from './transaction';

/** What the rules look at, and the order in which columns are read. */
const STATE: readonly (keyof ResultState)[] = [
  'id',
  'status',
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
  'createdBy',
  'madeBy',
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
  'madeBy',
  'payloadBytes',
  'errorBytes',
];

/** Of half a KB to a KB each. */
export const MOST_REMEMBERED = 16_384;

/** Values of one statement are looked for one by one, in a CASE. More than these are quicker in two statements. */
const MOST_ROWS_OF_AN_UPDATE = 32;

/** A batch that was sent with its COMMIT and not answered: it took effect if and only if its entry is in the change log. */
interface InDoubt {
  decisions: Decision[];
  /** The first of its entries. Nobody else makes this revision of this result in the same microsecond of a clock. */
  entry: Omit<ChangeRow, 'seq'>;
  /** All of its entries come after this one. */
  afterSeq: number;
}

/** What a batch is decided on. */
interface Basis {
  remembered: ReadonlyMap<string, ResultState>;
  /** Ids to lock and to read. Those in neither are taken for new. */
  toLock: ReadonlySet<string>;
}

/** The write side of the store: one transaction for each batch of commands. */
export class Writer {
  /** A number of the change log that this process was told: whatever it sends afterwards gets higher ones. 0: none yet. */
  #toldSeq = 0;
  /**
   * Unfinished results as this process wrote or read them last: their next transition need not read them. Another process may
   * have changed them since, so a decision on one of these holds only if the row could be written over.
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
    const inDoubt: { value: InDoubt | null } = { value: null };
    for (let attempt = 1; ; attempt++) {
      try {
        const basis = attempt === 1 ? this.#expected(commands) : everything(commands);
        const decisions = await this.#inTransaction(commands, basis, inDoubt);
        if (decisions) return decisions;
      } catch (error) {
        const fault = classify(error);
        if (fault === 'unknown') throw withoutParameters(error);
        if (fault === 'unavailable' || attempt > RETRIES) throw storeUnavailable(withoutParameters(error));
        if (fault !== 'outdated') await pauseBeforeRetry(attempt);
      }
    }
  }

  /**
   * Reads neither what this process remembers nor ids that are to be created, most of which are new: the database says so when
   * one was changed, or is there already.
   */
  #expected(commands: readonly Command[]): Basis {
    const toLock = idsNotCreated(commands);
    const remembered = new Map<string, ResultState>();
    for (const id of toLock) {
      const state = this.#remembered.get(id);
      if (!state) continue;
      remembered.set(id, state);
      toLock.delete(id);
    }
    return { remembered, toLock };
  }

  /** Answers null if `remembered` was not enough to decide. */
  async #inTransaction(
    commands: readonly Command[],
    { remembered, toLock }: Basis,
    inDoubt: { value: InDoubt | null },
  ): Promise<Decision[] | null> {
    const transaction = new Transaction(this.source.createQueryRunner(), this.dialect);
    try {
      const stored = await this.#lock(transaction, toLock);
      // The locks are ours: an earlier try of this batch has come to its end, or will find that its rows have changed.
      if (inDoubt.value && (await this.#isLogged(transaction, inDoubt.value))) return inDoubt.value.decisions;
      const batch = new Batch([...stored, ...remembered.values()], this.clock(), this.retention);
      const decisions = commands.map((command) => batch.take(command));
      // Only a change goes with an UPDATE, which finds out whether the row is still what it was taken for.
      const holds = ({ id }: Command, i: number) => decisions[i]?.kind === 'changed' || !remembered.has(id);
      if (!commands.every(holds)) return null;
      const writes = batch.writes();
      const [entry] = writes.changes;
      inDoubt.value = entry ? { decisions, entry, afterSeq: this.#toldSeq } : null;
      const answers = await transaction.commit(this.#statements(writes));
      if (entry) this.#toldSeq = this.dialect.generatedKey(answers.at(-1)) ?? 0;
      this.#remember(batch);
      return decisions;
    } finally {
      await transaction.end();
    }
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

  async #isLogged(transaction: Transaction, { entry, afterSeq }: InDoubt): Promise<boolean> {
    const text = 'SELECT seq FROM task_changes WHERE seq > ? AND task_id = ? AND revision = ? AND at = ? LIMIT 1';
    const [rows] = await transaction.send([{ text, values: [afterSeq, entry.taskId, entry.revision, entry.at] }]);
    return (rows as unknown[]).length > 0;
  }

  /** Entries of the change log come last. */
  #statements(writes: Writes): Statement[] {
    return [
      ...this.#removal(writes.removedIds),
      ...this.tables.results.insertion(writes.inserts),
      ...this.#update(writes.updates),
      ...this.tables.attempts.insertion(writes.attempts),
      ...this.tables.errors.insertion(writes.errors),
      ...this.tables.returnValues.insertion(writes.returnValues),
      ...this.tables.metadata.insertion(writes.metadata),
      ...this.tables.changes.insertion(writes.changes as ChangeRow[]),
    ];
  }

  #removal(ids: readonly string[]): Statement[] {
    if (ids.length === 0) return [];
    const { attempts, errors, returnValues, metadata, results } = this.tables;
    const from = (table: string, column: string) => ({
      text: `DELETE FROM ${table} WHERE ${column} IN (${placeholders(ids.length)})`,
      values: ids,
    });
    return [
      ...[attempts, errors, returnValues, metadata].map(({ name }) => from(name, 'task_id')),
      from(results.name, 'id'),
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
    // Not the revision, which stays with a new lease, and begins again with a new row.
    const statement = this.tables.results.update(updates, { key: 'id', version: 'changedAt', properties });
    return [statement, ...this.dialect.assertChanged(updates.length)];
  }
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
