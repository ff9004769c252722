import type { DataSource } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import type { Command } from '../domain/command';
import { storeUnavailable } from '../domain/errors';
import type { ResultState } from '../domain/result-state';
import { Stopwatch } from '../domain/stopwatch';
import type { Outcome } from '../domain/store';
import type { Clock } from '../domain/task-result';
import type { Decision, Retention } from '../domain/transitions';
import { Batch } from './batch';
import type { Dialect } from './dialect';
import { classify, faultWorthRetry, withoutParameters } from './driver-errors';
import { LockedReads } from './locked-reads';
import { LockedRows } from './locked-rows';
import { RememberedStates } from './remembered-states';
import { mayRetry, pauseBeforeRetry } from './retry';
import { StartedAttempts } from './started-attempts';
import type { Tables } from './tables';
import { Transaction } from './transaction';
import { type Part, Undecided } from './undecided';
import { WriteStatements } from './write-statements';

/** For how long after a row was found locked all batches look for such rows first, rather than wait for them. */
const LOCKS_ARE_ABOUT_MS = 10_000;

/** A part of a batch, with a decision on each of its commands. */
interface Decided {
  part: Part;
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
  readonly #lockedRows: LockedRows;
  readonly #statements: WriteStatements;
  /** Since a row was found locked. */
  #sinceLock: Stopwatch | null = null;

  constructor(
    tables: Tables,
    private readonly source: DataSource,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly retention: Retention,
  ) {
    this.#reads = new LockedReads(tables, dialect);
    this.#lockedRows = new LockedRows(tables, dialect);
    this.#statements = new WriteStatements(tables, dialect);
  }

  /** See TaskResultStore.transact. */
  transact(commands: readonly Command[], isGone: (place: number) => boolean): Promise<Outcome[]> {
    return this.dialect.exclusively(async () => {
      const undecided = new Undecided(commands, isGone);
      await this.#decideAll(undecided);
      return undecided.outcomes();
    });
  }

  /** Tries until all commands are decided, dropped or set aside, and nothing is in doubt. */
  async #decideAll(undecided: Undecided): Promise<void> {
    const inDoubt: InDoubt[] = [];
    const began = performance.now();
    let hasWaited = false;
    for (let retry = 0; undecided.isOpen || inDoubt.length > 0; retry++) {
      try {
        if (hasWaited || this.#locksAreAbout) await this.#setLockedAside(undecided, inDoubt, hasWaited);
        hasWaited = false;
        if (retry === 0) await this.#decideOnRemembered(undecided, inDoubt);
        else await this.#decideOnLocked(undecided, inDoubt);
      } catch (error) {
        if (!undecided.isOpen && inDoubt.length === 0) return; // what failed had nothing more to write
        // A caller that hears of a bug may do all of it again, which must not be done twice.
        if (inDoubt.length > 0 && classify(error, this.dialect.faultOf) === 'unknown')
          throw storeUnavailable(withoutParameters(error));
        const fault = faultWorthRetry(error, this.dialect.faultOf);
        if (!mayRetry(retry, began)) throw storeUnavailable(withoutParameters(error));
        if (fault === 'locked') hasWaited = true;
        // What was taken for granted is read at once. Later, 'outdated' is a rival's doing, who needs time.
        else if (fault !== 'outdated' || retry > 0) await pauseBeforeRetry(retry + 1);
      }
    }
  }

  get #locksAreAbout(): boolean {
    return this.#sinceLock !== null && this.#sinceLock.ms < LOCKS_ARE_ABOUT_MS;
  }

  /**
   * The first try, which reads only what this process does not remember. Decides nothing when the batch must be decided
   * on locked rows, since what is remembered is not enough.
   */
  async #decideOnRemembered(undecided: Undecided, inDoubt: InDoubt[]): Promise<void> {
    await this.#inTransaction(async (transaction) => {
      const { commands } = undecided.rest();
      const { remembered, toLock } = this.#remembered.basisOf(commands);
      const locked = await this.#reads.lock(transaction, toLock);
      const started = await this.#reads.startedBefore(transaction, commands, locked);
      const decided = this.#decide(undecided, [...locked, ...remembered.values()], started);
      // Only what is written finds out whether the row is still what it was taken for.
      const isWritten = (decision?: Decision) => decision?.kind === 'changed' || decision?.kind === 'deleted';
      const { part, decisions } = decided;
      const holds = part.commands.every(({ id }, i) => isWritten(decisions[i]) || !remembered.has(id));
      // A create that was dropped just now is why its id was not read.
      if (holds && part.commands.length === commands.length)
        await this.#commit(transaction, decided, undecided, inDoubt);
    });
  }

  /** All later tries, which take nothing for granted. */
  async #decideOnLocked(undecided: Undecided, inDoubt: InDoubt[]): Promise<void> {
    await this.#inTransaction(async (transaction) => {
      const { commands } = undecided.rest();
      const locked = await this.#reads.lock(transaction, idsOf(commands));
      await this.#lookForEffect(transaction, undecided, inDoubt);
      const started = await this.#reads.startedBefore(transaction, commands, locked);
      await this.#commit(transaction, this.#decide(undecided, locked, started), undecided, inDoubt);
    });
  }

  /**
   * Sets commands aside whose rows are locked elsewhere. A try in doubt may be what holds the locks, when the database
   * has not heard that its connection is gone. So it must be certain before that none can take effect any more.
   */
  async #setLockedAside(undecided: Undecided, inDoubt: InDoubt[], hasWaited: boolean): Promise<void> {
    if (inDoubt.length > 0) await this.#settle(undecided, inDoubt);
    const rest = undecided.rest().commands;
    const locked = await this.#lockedRows.among([...idsOf(rest)]);
    if (locked.size > 0) {
      this.#sinceLock = new Stopwatch();
      undecided.setAside(locked);
    } else if (hasWaited) {
      // Somebody may have locked the gap between two rows, where new ones would go: that can only be tried.
      undecided.setAside(idsOf(rest.filter(({ kind }) => kind === 'create')));
    }
  }

  /** Finds out which try in doubt took effect, if any did. No other can do so from then on. */
  async #settle(undecided: Undecided, inDoubt: InDoubt[]): Promise<void> {
    await this.#inTransaction(async (transaction) => {
      await this.#lookForEffect(transaction, undecided, inDoubt);
      const nothing = { part: { places: [], commands: [] }, batch: this.#batch([]), decisions: [] };
      await this.#commit(transaction, nothing, undecided, inDoubt);
    });
  }

  async #inTransaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const transaction = new Transaction(this.source.createQueryRunner(), this.dialect);
    try {
      await transaction.connect();
      return await work(transaction);
    } finally {
      await transaction.end();
    }
  }

  /** Decides on what is not decided yet, and whose callers still wait now that everything has been read. */
  #decide(undecided: Undecided, states: readonly ResultState[], started: StartedAttempts): Decided {
    const part = undecided.rest();
    const batch = this.#batch(states, started);
    return { part, batch, decisions: part.commands.map((command) => batch.take(command)) };
  }

  #batch(states: readonly ResultState[], started = new StartedAttempts()): Batch {
    return new Batch(states, started, this.clock(), this.retention);
  }

  /**
   * Looks whether one of the tries in doubt took effect though its answer was lost. Then its decisions are the answer,
   * and nothing is in doubt any more.
   */
  async #lookForEffect(transaction: Transaction, undecided: Undecided, inDoubt: InDoubt[]): Promise<void> {
    const numbers = await this.#reads.committedWith(transaction, tokensOf(inDoubt));
    // The last one: it took the tokens of those before it.
    const effective = inDoubt.findLast(({ token }) => numbers.has(token));
    if (!effective) return;
    effective.batch.setIncarnation(numbers.get(effective.token) as number);
    undecided.decide(effective.part, effective.decisions);
    inDoubt.length = 0;
  }

  /**
   * Writes what the batch has made, as one transaction with a number. The number is given when all rows are ours: an
   * earlier creation of the same id, which must have ended before, has a lower one. So it serves as the incarnation of
   * what is created. When the answer to COMMIT is lost, the batch is in doubt.
   */
  async #commit(transaction: Transaction, decided: Decided, undecided: Undecided, inDoubt: InDoubt[]): Promise<void> {
    const { part, batch, decisions } = decided;
    const writes = batch.writes();
    // A try in doubt may still arrive, when its packets were held up on their way: it will find its token taken, and
    // fail as a whole. If it has taken it already, this transaction waits for its end.
    const rows = [...this.#statements.tokens(tokensOf(inDoubt), batch.now), ...this.#statements.rows(writes)];
    if (writes.changes.length === 0 && inDoubt.length === 0) {
      await transaction.commit(rows); // at most renewed leases: done twice, they do no harm
    } else {
      const token = uuidv7();
      const numbering = [...this.#statements.tokens([token], batch.now), ...this.dialect.keepTransactionNumber];
      try {
        const results = await transaction.commit([...rows, ...numbering, ...this.#statements.numbered(writes)]);
        batch.setIncarnation(this.dialect.generatedKey(results[rows.length]));
      } catch (error) {
        // After any other fault that is worth another try the database has rolled back.
        if (classify(error, this.dialect.faultOf) === 'in-doubt') inDoubt.push({ ...decided, token });
        throw error;
      }
      inDoubt.length = 0;
    }
    this.#remembered.update(batch.outcomes());
    undecided.decide(part, decisions);
  }
}

function idsOf(commands: readonly Command[]): Set<string> {
  return new Set(commands.map(({ id }) => id));
}

function tokensOf(inDoubt: readonly InDoubt[]): string[] {
  return inDoubt.map(({ token }) => token);
}
