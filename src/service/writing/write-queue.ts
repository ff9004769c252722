import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { Command } from '../../domain/command';
import { shuttingDown, TaskResultsError } from '../../domain/errors';
import { MAX_COMMANDS, type TaskResultStore } from '../../domain/store';
import type { Decision } from '../../domain/transitions';
import { type Deferred, deferred } from '../deferred';

/** Of one transaction beside MAX_COMMANDS. Soft by one command: the one that passes it is still taken. */
const MOST_BYTES = 2 * 1024 * 1024;
/**
 * Of a few dozen commands one half goes: while the database works on it, this process answers and takes the calls of
 * the other. Fewer are not worth it, and of more, as streams bring them, each costs the less the more go together.
 */
const HALVED = { least: 32, most: 96 };
/** Transactions in flight at a time, and what must wait for more than one. */
const MOST_DRAINS = 2;
const ENOUGH_FOR_TWO = 2 * MAX_COMMANDS;
/** Bounds of what may wait. Beyond, callers are told to come back. */
const MOST_WAITING = 20_000;
const MOST_WAITING_BYTES = 256 * 1024 * 1024;

interface Waiting {
  command: Command;
  bytes: number;
  resolve(decision: Decision): void;
  reject(error: unknown): void;
}

/**
 * Group commit: while one transaction is in flight, commands wait; the next transaction takes them together. A command
 * that finds nothing in flight goes at once. Commands for one id keep their order.
 *
 * When so many commands wait that two transactions would be full, two are in flight at a time, of different ids: the
 * database works on one while this process makes the statements of the other. On SQLite they take turns.
 */
export class WriteQueue {
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** Each runs one transaction after the other. */
  #drains = 0;
  readonly #idsInFlight = new Set<string>();
  #closed: Deferred<void> | null = null;

  constructor(private readonly store: TaskResultStore) {}

  /** Resolves once the decision is durable. */
  submit(command: Command): Promise<Decision> {
    if (this.#closed) return Promise.reject(shuttingDown());
    if (this.#waiting.length >= MOST_WAITING || this.#waitingBytes >= MOST_WAITING_BYTES) {
      return Promise.reject(new TaskResultsError('LIMIT_REACHED', 'too many writes are waiting'));
    }
    return new Promise((resolve, reject) => {
      const bytes = weigh(command);
      this.#waiting.push({ command, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      if (this.#isWorkBeside(this.#drains)) void this.#drain();
    });
  }

  /** Takes no more commands; resolves when those that wait are decided. */
  async close(): Promise<void> {
    this.#closed ??= deferred();
    if (this.#drains === 0) this.#closed.resolve();
    await this.#closed.promise;
  }

  /** Whether enough waits for one more drain beside `others`. */
  #isWorkBeside(others: number): boolean {
    return others === 0 ? this.#waiting.length > 0 : others < MOST_DRAINS && this.#waiting.length >= ENOUGH_FOR_TWO;
  }

  async #drain(): Promise<void> {
    this.#drains++;
    // What arrived in the same turn of the event loop goes together; SQLite would let nothing else arrive meanwhile.
    let turn = endOfTurn();
    while (this.#isWorkBeside(this.#drains - 1)) {
      await turn;
      const batch = this.#nextBatch();
      if (batch.length === 0) break;
      const answer = await this.#commit(batch);
      for (const { command } of batch) this.#idsInFlight.delete(command.id);
      turn = endOfTurn();
      // Answering takes a while, which the database need not wait for: the next transaction begins first, in the same
      // turn.
      if (this.#waiting.length > 0) setImmediate(answer);
      else answer();
    }
    this.#drains--;
    if (this.#drains === 0) this.#closed?.resolve();
  }

  /** Takes what goes next. Nothing, when the other drain has taken it, or has one of the ids in flight. */
  #nextBatch(): Waiting[] {
    let bytes = 0;
    let rows = 0;
    const waiting = this.#waiting.length;
    const share = waiting > HALVED.most ? MAX_COMMANDS : Math.max(HALVED.least, Math.ceil(waiting / 2));
    const most = Math.min(waiting, share);
    const creations = new Creations();
    for (; rows < most && bytes < MOST_BYTES; rows++) {
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

  /** Resolves to what tells the callers. */
  async #commit(batch: readonly Waiting[]): Promise<() => void> {
    try {
      const decisions = await this.store.transact(batch.map(({ command }) => command));
      return () => {
        for (const [i, { resolve }] of batch.entries()) resolve(decisions[i] as Decision);
      };
    } catch (error) {
      // A store out of reach fails them all. Anything else is a bug that one of them met: the others go on without it.
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
