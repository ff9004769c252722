import { setImmediate as endOfTurn } from 'node:timers/promises';
import type { Command } from '../domain/command';
import { shuttingDown, TaskResultsError } from '../domain/errors';
import type { Decision } from '../domain/lifecycle';
import { MOST_COMMANDS, type TaskResultStore } from '../domain/store';

/** Of one transaction beside MOST_COMMANDS. Soft by one command: the one that passes it is still taken. */
const MOST_BYTES = 2 * 1024 * 1024;
/**
 * Of a few dozen commands one half goes: while the database works on it, this process answers and takes the calls of the
 * other. Fewer are not worth it, and of more, as streams bring them, each costs the less the more go together.
 */
const HALVED = { least: 32, most: 96 };
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
 * Group commit: while one transaction is in flight, commands wait; the next transaction takes them together. A command that finds
 * nothing in flight goes at once. Commands for one id keep their order.
 */
export class WriteQueue {
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | null = null;
  #closed = false;

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
      this.#running ??= this.#drain();
    });
  }

  /** Takes no more commands; resolves when those that wait are decided. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #drain(): Promise<void> {
    // What arrived in the same turn of the event loop goes together; SQLite would let nothing else arrive meanwhile.
    let turn = endOfTurn();
    while (this.#waiting.length > 0) {
      await turn;
      const answer = await this.#commit(this.#nextBatch());
      turn = endOfTurn();
      // Answering takes a while, which the database need not wait for: the next transaction begins first, in the same turn.
      if (this.#waiting.length > 0) setImmediate(answer);
      else answer();
    }
    this.#running = null;
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let rows = 0;
    const waiting = this.#waiting.length;
    const share = waiting > HALVED.most ? MOST_COMMANDS : Math.max(HALVED.least, Math.ceil(waiting / 2));
    const most = Math.min(waiting, share);
    while (rows < most && bytes < MOST_BYTES) bytes += this.#waiting[rows++]?.bytes ?? 0;
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, rows);
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

/** About as many bytes as the command brings into a transaction. */
export function weigh(command: Command): number {
  switch (command.kind) {
    case 'create':
      return 500 + command.argsJson.length + command.kwargsJson.length;
    case 'succeed':
      return 300 + command.returnValueJson.length;
    case 'failAttempt':
    case 'fail':
      return 300 + (command.error ? command.error.message.length + command.error.traceback.length : 0);
    default:
      return 300;
  }
}
