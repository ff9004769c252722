import { setImmediate as endOfTick } from 'node:timers/promises';
import type { Caller } from '../../domain/caller';
import type { Command } from '../../domain/command';
import { shuttingDown, TaskResultsError } from '../../domain/errors';
import { MAX_WAITING_SIZE, MAX_WAITING_WRITES } from '../../domain/limits';
import { MAX_COMMANDS, type TaskResultStore } from '../../domain/store';
import type { Decision } from '../../domain/transitions';

/** Of one transaction, besides MAX_COMMANDS. The command that passes it is still taken. */
const MAX_BYTES = 2 * 1024 * 1024;
/**
 * When a few dozen commands wait, one half of them goes: while the database works on it, this process answers callers
 * and takes their next calls. Fewer commands than `min` are not worth a transaction of their own. More than `max`, as
 * streams bring them, go together, since each then costs less.
 */
const HALVED = { min: 32, max: 96 };
/** Transactions in flight at a time, and how many commands must wait for more than one. */
const MAX_DRAINS = 2;
const ENOUGH_FOR_TWO = 2 * MAX_COMMANDS;

interface Waiting {
  command: Command;
  caller: Caller;
  bytes: number;
  resolve(decision: Decision): void;
  reject(error: unknown): void;
}

/**
 * Group commit: while one transaction is in flight, commands wait; the next transaction takes them together. A command
 * that finds nothing in flight goes at the end of the tick. Commands for one id keep their order.
 *
 * When so many commands wait that they fill two transactions, two are in flight at a time, of different ids: the
 * database works on one while this process makes the statements of the other. On SQLite they run one after the other.
 */
export class WriteQueue {
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Loops that are running; each runs one transaction after the other. */
  #drains = 0;
  readonly #idsInFlight = new Set<string>();
  #isClosed = false;
  readonly #closers: (() => void)[] = [];

  constructor(private readonly store: TaskResultStore) {}

  /** Resolves once the decision is durable. Rejects with LIMIT_REACHED when too much waits, and with SHUTTING_DOWN. */
  submit(command: Command, caller: Caller): Promise<Decision> {
    if (this.#isClosed) return Promise.reject(shuttingDown());
    if (this.#waiting.length >= MAX_WAITING_WRITES || this.#waitingBytes >= MAX_WAITING_SIZE) {
      return Promise.reject(new TaskResultsError('LIMIT_REACHED', 'too many writes are waiting'));
    }
    return new Promise((resolve, reject) => {
      const bytes = weigh(command);
      this.#waiting.push({ command, caller, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      if (this.#isWorkBesides(this.#drains)) void this.#drain();
    });
  }

  /** Takes no more commands. Resolves when those that wait are decided. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#drains > 0) await new Promise<void>((resolve) => this.#closers.push(resolve));
  }

  /** Whether enough waits for one more drain besides `others`. */
  #isWorkBesides(others: number): boolean {
    return others === 0 ? this.#waiting.length > 0 : others < MAX_DRAINS && this.#waiting.length >= ENOUGH_FOR_TWO;
  }

  async #drain(): Promise<void> {
    this.#drains++;
    // What arrives in one tick of the event loop goes together: SQLite would let nothing arrive during a transaction.
    let tick = endOfTick();
    while (this.#isWorkBesides(this.#drains - 1)) {
      await tick;
      const batch = this.#nextBatch();
      if (batch.length === 0) break;
      const answer = await this.#commit(batch);
      for (const { command } of batch) this.#idsInFlight.delete(command.id);
      tick = endOfTick();
      // Answering takes a while. So that the database need not wait for it, the next transaction begins first, in the
      // same tick.
      if (this.#waiting.length > 0) setImmediate(answer);
      else answer();
    }
    this.#drains--;
    if (this.#drains === 0) for (const resolve of this.#closers) resolve();
  }

  /** Takes the commands that go next: none when the other drain has taken them, or has one of their ids in flight. */
  #nextBatch(): Waiting[] {
    let bytes = 0;
    let rows = 0;
    const waiting = this.#waiting.length;
    const share = waiting > HALVED.max ? MAX_COMMANDS : Math.max(HALVED.min, Math.ceil(waiting / 2));
    const max = Math.min(waiting, share);
    const creations = new Creations();
    for (; rows < max && bytes < MAX_BYTES; rows++) {
      const next = this.#waiting[rows] as Waiting;
      if (!creations.allow(next.command)) break;
      bytes += next.bytes;
    }
    const batch = this.#waiting.slice(0, rows);
    if (batch.some(({ command }) => this.#idsInFlight.has(command.id))) return [];
    this.#waiting.splice(0, rows);
    this.#waitingBytes -= bytes;
    for (const { command } of batch) this.#idsInFlight.add(command.id);
    return batch;
  }

  /** Runs the transaction; never rejects. Resolves to a function that answers the callers. */
  async #commit(batch: readonly Waiting[]): Promise<() => void> {
    try {
      const decisions = await this.store.transact(batch.map(({ command }) => command));
      return () => {
        for (const [i, { resolve }] of batch.entries()) resolve(decisions[i] as Decision);
      };
    } catch (error) {
      // When the store is out of reach, all of them fail. Anything else is a bug that one of them met: each goes alone.
      if (batch.length === 1 || error instanceof TaskResultsError) {
        return () => {
          for (const { reject } of batch) reject(error);
        };
      }
      for (const one of batch) (await this.#commit([one]))();
      return () => {};
    }
  }
}

/** Sees to it that no transaction creates a result, deletes it and creates it again: see TaskResultStore.transact. */
class Creations {
  readonly #created = new Set<string>();
  readonly #deletedSince = new Set<string>();

  allow({ kind, id }: Command): boolean {
    if (kind === 'create' && this.#deletedSince.has(id)) return false;
    if (kind === 'create') this.#created.add(id);
    if (kind === 'delete' && this.#created.has(id)) this.#deletedSince.add(id);
    return true;
  }
}

/** About as many bytes as the command brings into a transaction. */
export function weigh(command: Command): number {
  switch (command.kind) {
    case 'create':
      return 500 + command.argsJson.length + command.kwargsJson.length;
    case 'succeed':
      return 300 + command.returnValueJson.length;
    case 'failAttempt':
    case 'failUnstarted':
      return 300 + (command.error ? command.error.message.length + command.error.traceback.length : 0);
    default:
      return 300;
  }
}
