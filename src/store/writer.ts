import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Command } from '../domain/command';
import { storeUnavailable } from '../domain/errors';
import type { ResultState } from '../domain/result-state';
import type { Clock } from '../domain/task-result';
import type { Decision, Retention } from '../domain/transitions';
import { Batch } from './batch';
import type { Dialect } from './dialect';
import { classify, faultWorthRetry, withoutParameters } from './driver-errors';
import { LockedReads } from './locked-reads';
import { RememberedStates } from './remembered-states';
import { mayRetry, pauseBeforeRetry } from './retry';
import type { Tables } from './tables';
import { Transaction } from './transaction';
import { WriteStatements } from './write-statements';

/** A batch of commands, with a decision on each. */
interface Decided {
  batch: Batch;
  decisions: Decision[];
}

/** A try of a batch that was sent with its COMMIT, and whose answer was lost: it took effect if its token is there. */
interface InDoubt extends Decided {
  token: string;
}

/** The write side of the store: one transaction for each batch of commands. */
export class Writer {
  readonly #remembered = new RememberedStates();
  readonly #reads: LockedReads;
  readonly #statements: WriteStatements;

  constructor(
    tables: Tables,
    private readonly source: DataSource,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {
    this.#reads = new LockedReads(tables, dialect);
    this.#statements = new WriteStatements(tables, dialect);
  }

  /** See TaskResultStore.transact. */
  transact(commands: readonly Command[]): Promise<Decision[]> {
    return this.dialect.exclusively(async () => {
      const inDoubt: InDoubt[] = [];
      const began = performance.now();
      const decided = await this.#decideOnRemembered(commands, inDoubt);
      return decided ?? (await this.#decideOnLocked(commands, inDoubt, began));
    });
  }

  /**
   * The first try, which reads only what this process does not remember. Returns null when the batch must be decided on
   * locked rows: what is remembered was not enough or is out of date, or the database may do better at another try.
   */
  async #decideOnRemembered(commands: readonly Command[], inDoubt: InDoubt[]): Promise<Decision[] | null> {
    const { remembered, toLock } = this.#remembered.basisOf(commands);
    try {
      return await this.#inTransaction(async (transaction) => {
        const locked = await this.#reads.lock(transaction, toLock);
        const decided = await this.#decide(transaction, commands, locked, remembered.values());
        // Only what is written finds out whether the row is still what it was taken for.
        const isWritten = (decision?: Decision) => decision?.kind === 'changed' || decision?.kind === 'deleted';
        const holds = commands.every(({ id }, i) => isWritten(decided.decisions[i]) || !remembered.has(id));
        return holds ? this.#commit(transaction, decided, inDoubt) : null;
      });
    } catch (error) {
      const fault = faultWorthRetry(error, this.dialect.faultOf);
      if (fault !== 'outdated') await pauseBeforeRetry(1);
      return null;
    }
  }

  /** All later tries, which take nothing for granted. */
  async #decideOnLocked(commands: readonly Command[], inDoubt: InDoubt[], began: number): Promise<Decision[]> {
    const ids = new Set(commands.map(({ id }) => id));
    for (let retry = 1; ; retry++) {
      try {
        return await this.#inTransaction(async (transaction) => {
          const locked = await this.#reads.lock(transaction, ids);
          const earlier = await this.#committedTry(transaction, inDoubt);
          return earlier ?? this.#commit(transaction, await this.#decide(transaction, commands, locked), inDoubt);
        });
      } catch (error) {
        // Even after 'outdated': here it is a rival's doing, who needs time.
        faultWorthRetry(error, this.dialect.faultOf);
        if (!mayRetry(retry, began)) throw storeUnavailable(withoutParameters(error));
        await pauseBeforeRetry(retry + 1);
      }
    }
  }

  async #inTransaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const transaction = new Transaction(this.source.createQueryRunner(), this.dialect);
    try {
      return await work(transaction);
    } finally {
      await transaction.end();
    }
  }

  async #decide(
    transaction: Transaction,
    commands: readonly Command[],
    locked: readonly ResultState[],
    remembered: Iterable<ResultState> = [],
  ): Promise<Decided> {
    const started = await this.#reads.startedBefore(transaction, commands, locked);
    const batch = new Batch([...locked, ...remembered], started, this.clock(), this.retention);
    return { batch, decisions: commands.map((command) => batch.take(command)) };
  }

  /** The decisions of the try that took effect though its answer was lost; null: none did. */
  async #committedTry(transaction: Transaction, inDoubt: readonly InDoubt[]): Promise<Decision[] | null> {
    const found = await this.#reads.committedWith(
      transaction,
      inDoubt.map(({ token }) => token),
    );
    const earlier = inDoubt.find(({ token }) => token === found?.token);
    if (!found || !earlier) return null;
    earlier.batch.setIncarnation(found.number);
    return earlier.decisions;
  }

  /**
   * Writes what the batch has made, as one transaction with a number. The number is given when all rows are ours: an
   * earlier creation of the same id, which must have ended before, has a lower one. So it serves as the incarnation of
   * what is created. When the answer to COMMIT is lost, the batch is in doubt.
   */
  async #commit(transaction: Transaction, { batch, decisions }: Decided, inDoubt: InDoubt[]): Promise<Decision[]> {
    const writes = batch.writes();
    // A try in doubt may still arrive, when its packets were held up on their way: it will find its token taken, and
    // fail as a whole. If it has taken it already, this transaction waits for its end.
    const tokensInDoubt = inDoubt.map(({ token }) => token);
    const rows = [...this.#statements.tokens(tokensInDoubt, batch.now), ...this.#statements.rows(writes)];
    if (writes.changes.length === 0) {
      await transaction.commit(rows); // at most renewed leases: done twice, they do no harm
    } else {
      const token = uuidv7();
      const numbering = [...this.#statements.tokens([token], batch.now), ...this.dialect.keepTransactionNumber];
      try {
        const results = await transaction.commit([...rows, ...numbering, ...this.#statements.numbered(writes)]);
        batch.setIncarnation(this.dialect.generatedKey(results[rows.length]));
      } catch (error) {
        // After any other fault that is worth another try the database has rolled back.
        if (classify(error, this.dialect.faultOf) === 'in-doubt') inDoubt.push({ token, batch, decisions });
        throw error;
      }
    }
    this.#remembered.update(batch.outcomes());
    return decisions;
  }
}
