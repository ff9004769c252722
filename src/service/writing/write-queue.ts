import { setImmediate as endOfTick } from 'node:timers/promises';
import type { Caller } from '../../domain/caller';
import type { Command } from '../../domain/command';
import { abandoned, shuttingDown, storeUnavailable, TaskResultsError } from '../../domain/errors';
import { MAX_LOCK_WAIT, MAX_WAITING_SIZE, MAX_WAITING_WRITES } from '../../domain/limits';
import { MAX_COMMANDS, type Outcome, type TaskResultStore } from '../../domain/store';
import type { Decision } from '../../domain/transitions';
import { Batch, weigh } from './batch';
import { type Fair, FairQueue } from './fair-queue';
import { Shares } from './shares';
import { WaitingRoom } from './waiting-room';

/**
 * When a few dozen commands wait, one half of them goes: while the database works on it, this process answers callers
 * and takes their next calls. Fewer commands than `min` are not worth a transaction of their own. More than `max`, as
 * streams bring them, go together, since each then costs less.
 */
const HALVED = { min: 32, max: 96 };
/** Transactions in flight at a time, and how many commands must wait for more than one. */
const MAX_DRAINS = 2;
const ENOUGH_FOR_TWO = 2 * MAX_COMMANDS;
/**
 * A transaction that takes longer may be waiting for a row that somebody else has locked: then it does not count any
 * more, and others may begin, up to MAX_DRAINS_WITH_SLOW in all. The pool has connections for reads as well.
 */
const SLOW_MS = 250;
const MAX_DRAINS_WITH_SLOW = 4;
/** Commands that are looked at for one transaction: not all of them can go. */
const MAX_LOOKED_AT = 4 * MAX_COMMANDS;
/** As much text as is written in the time that a row takes. Connections take turns by it. */
const BYTES_OF_A_ROW = 4 * 1024;

/** For the log. */
const LOCKED_FOR_TOO_LONG = 'another transaction of the database holds the lock of a row';

interface Waiting extends Fair {
  command: Command;
  caller: Caller;
  bytes: number;
  /** When it came, by the steady clock. */
  since: number;
  resolve(decision: Decision): void;
  reject(error: unknown): void;
}

/** What became of a command that went into a transaction. */
type Ending = Outcome | { kind: 'failed'; error: unknown };

const LOCKED: Ending = { kind: 'locked' };

/**
 * Group commit: while one transaction is in flight, commands wait; the next transaction takes them together. A command
 * that finds nothing in flight goes at the end of the tick. Commands of one connection for one id keep their order, and
 * no id is in two transactions at a time.
 *
 * Connections take turns, and share what may wait: see FairQueue and Shares. Commands whose callers are gone are
 * dropped, and those whose rows are locked elsewhere wait apart from all others.
 *
 * When so many commands wait that they fill two transactions, two are in flight at a time: the database works on one
 * while this process makes the statements of the other. On SQLite they run one after the other.
 */
export class WriteQueue {
  readonly #queue = new FairQueue<Waiting>();
  /**
   * The ids that are in a transaction or in the waiting room. Each has the commands that wait for it, in the order in
   * which they will go.
   */
  readonly #busy = new Map<string, Waiting[]>();
  readonly #room = new WaitingRoom((ids) => this.#tryAgain(ids));
  /** What waits, in the queue or for a busy id. */
  readonly #shares = new Shares(MAX_WAITING_WRITES, MAX_WAITING_SIZE);
  /** Commands that were taken and not answered. */
  #unanswered = 0;
  /** Loops that are running; each runs one transaction after the other. */
  #drains = 0;
  /** Those of them whose transaction is slow. */
  #slowDrains = 0;
  #isClosed = false;
  readonly #closers: (() => void)[] = [];

  constructor(
    private readonly store: TaskResultStore,
    private readonly slowMs = SLOW_MS,
  ) {}

  /**
   * Resolves once the decision is durable. Rejects with LIMIT_REACHED when too much waits, of this connection or in
   * all, with STORE_UNAVAILABLE also when the row is locked elsewhere for too long, or the caller is gone; and with
   * SHUTTING_DOWN.
   */
  submit(command: Command, caller: Caller): Promise<Decision> {
    if (this.#isClosed) return Promise.reject(shuttingDown());
    const { connection } = caller;
    if (!this.#shares.hasRoom(connection)) {
      return Promise.reject(new TaskResultsError('LIMIT_REACHED', 'too many writes are waiting'));
    }
    return new Promise((resolve, reject) => {
      const bytes = weigh(command);
      const cost = Math.max(1, bytes / BYTES_OF_A_ROW);
      const waiting = { command, caller, connection, bytes, cost, since: performance.now(), resolve, reject };
      this.#unanswered++;
      this.#shares.take(connection, bytes);
      this.#queue.push(waiting);
      this.#drainIfWorthwhile();
    });
  }

  /** Takes no more commands. Resolves when those that wait are decided. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#unanswered > 0) await new Promise<void>((resolve) => this.#closers.push(resolve));
  }

  #drainIfWorthwhile(): void {
    if (this.#drains < MAX_DRAINS_WITH_SLOW && this.#isWorkBesides(this.#drains)) void this.#drain();
  }

  /** Whether enough waits for one more drain besides `others`. */
  #isWorkBesides(others: number): boolean {
    const quick = others - this.#slowDrains;
    return quick === 0 ? this.#queue.size > 0 : quick < MAX_DRAINS && this.#queue.size >= ENOUGH_FOR_TWO;
  }

  async #drain(): Promise<void> {
    this.#drains++;
    // What arrives in one tick of the event loop goes together: SQLite would let nothing arrive during a transaction.
    let tick = endOfTick();
    while (this.#isWorkBesides(this.#drains - 1)) {
      await tick;
      const batch = this.#nextBatch();
      const endings = batch.length > 0 ? await this.#whileSlowOnesDoNotCount(this.#transact(batch)) : [];
      this.#setFree(batch, endings);
      tick = endOfTick();
      // Answering takes a while. So that the database need not wait for it, the next transaction begins first, in the
      // same tick.
      if (this.#queue.size > 0) setImmediate(() => this.#answer(batch, endings));
      else this.#answer(batch, endings);
    }
    this.#drains--;
  }

  async #whileSlowOnesDoNotCount<T>(transaction: Promise<T>): Promise<T> {
    let slow = 0;
    const timer = setTimeout(() => {
      slow = 1;
      this.#slowDrains += slow;
      this.#drainIfWorthwhile();
    }, this.slowMs);
    try {
      return await transaction;
    } finally {
      clearTimeout(timer);
      this.#slowDrains -= slow;
    }
  }

  /** Takes the commands that go next, from each connection in turn. What waits for a busy id makes room for others. */
  #nextBatch(): Waiting[] {
    const waiting = this.#queue.size;
    const share = waiting > HALVED.max ? MAX_COMMANDS : Math.max(HALVED.min, Math.ceil(waiting / 2));
    const batch = new Batch<Waiting>(share);
    for (let lookedAt = 0; lookedAt < MAX_LOOKED_AT && !batch.isFull; lookedAt++) {
      const next = this.#queue.shift();
      if (!next) break;
      const { id } = next.command;
      const line = this.#busy.get(id);
      if (this.#isDropped(next)) continue;
      if (line) line.push(next);
      else if (!batch.add(next)) this.#busy.set(id, [next]); // it and what follows goes when this batch is done
    }
    this.#take(batch.items);
    return batch.items;
  }

  /** What is in `batch` does not wait any more, and its ids are busy. */
  #take(batch: readonly Waiting[]): void {
    for (const waiting of batch) {
      this.#shares.giveBack(waiting.connection, waiting.bytes);
      const { id } = waiting.command;
      if (!this.#busy.has(id)) this.#busy.set(id, []);
    }
  }

  /** Runs the transaction; never rejects. */
  async #transact(batch: readonly Waiting[]): Promise<Ending[]> {
    try {
      const isGone = (place: number) => (batch[place] as Waiting).caller.isGone;
      const commands = batch.map(({ command }) => command);
      return await this.store.transact(commands, isGone);
    } catch (error) {
      // When the store is out of reach, all of them fail. Anything else is a bug that one of them met: each goes alone.
      if (batch.length === 1 || error instanceof TaskResultsError) return batch.map(() => ({ kind: 'failed', error }));
      return this.#transactEach(batch);
    }
  }

  async #transactEach(batch: readonly Waiting[]): Promise<Ending[]> {
    const endings: Ending[] = [];
    const locked = new Set<string>();
    for (const one of batch) {
      const { id } = one.command;
      // The row may be free by now, but what waits for it keeps its order.
      const [ending] = locked.has(id) ? [LOCKED] : await this.#transact([one]);
      if (ending?.kind === 'locked') locked.add(id);
      endings.push(ending as Ending);
    }
    return endings;
  }

  /** After a transaction its ids are free for the commands that wait for them, except for those of locked rows. */
  #setFree(batch: readonly Waiting[], endings: readonly Ending[]): void {
    const locked = new Map<string, Waiting[]>();
    for (const [i, waiting] of batch.entries()) {
      if (endings[i]?.kind !== 'locked') continue;
      const { id } = waiting.command;
      const others = locked.get(id);
      if (others) others.push(waiting);
      else locked.set(id, [waiting]);
      this.#shares.take(waiting.connection, waiting.bytes);
    }
    for (const { command } of batch) if (!locked.has(command.id)) this.#free(command.id);
    for (const [id, first] of locked) {
      this.#busy.set(id, [...first, ...(this.#busy.get(id) ?? [])]);
      this.#room.enter(id);
    }
  }

  #free(id: string): void {
    const line = this.#busy.get(id);
    if (!line) return;
    this.#busy.delete(id);
    this.#room.leave(id);
    if (line.length > 0) this.#queue.putBack(line);
  }

  /** A round of the waiting room. */
  async #tryAgain(ids: readonly string[]): Promise<void> {
    const batch = new Batch<Waiting>();
    for (const id of ids) {
      if (batch.isFull) break;
      const line = (this.#busy.get(id) ?? []).filter((one) => !this.#isDropped(one) && !this.#isOverdue(one));
      const taken = line.findIndex((waiting) => !batch.add(waiting));
      this.#busy.set(id, taken < 0 ? [] : line.slice(taken));
      if (line.length === 0) this.#free(id);
    }
    this.#take(batch.items);
    const endings = await this.#transact(batch.items);
    this.#setFree(batch.items, endings);
    this.#answer(batch.items, endings);
    this.#drainIfWorthwhile();
  }

  #answer(batch: readonly Waiting[], endings: readonly Ending[]): void {
    for (const [i, waiting] of batch.entries()) this.#end(waiting, endings[i] as Ending);
  }

  #end(waiting: Waiting, ending: Ending): void {
    if (ending.kind === 'locked') return;
    if (ending.kind === 'failed') waiting.reject(ending.error);
    else if (ending.kind === 'dropped') waiting.reject(abandoned());
    else waiting.resolve(ending);
    this.#unanswered--;
    if (this.#isClosed && this.#unanswered === 0) for (const resolve of this.#closers) resolve();
  }

  /** Drops a command that waits if its caller is gone. */
  #isDropped(waiting: Waiting): boolean {
    const { isGone } = waiting.caller;
    if (isGone) this.#giveUp(waiting, { kind: 'dropped' });
    return isGone;
  }

  /** Gives up a command that has waited for its row for too long. */
  #isOverdue(waiting: Waiting): boolean {
    const isOverdue = performance.now() - waiting.since > MAX_LOCK_WAIT / 1_000;
    if (isOverdue) this.#giveUp(waiting, { kind: 'failed', error: storeUnavailable(new Error(LOCKED_FOR_TOO_LONG)) });
    return isOverdue;
  }

  #giveUp(waiting: Waiting, ending: Ending): void {
    this.#shares.giveBack(waiting.connection, waiting.bytes);
    this.#end(waiting, ending);
  }
}
