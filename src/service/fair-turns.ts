import type { Caller } from '../domain/caller';
import { abandoned, TaskResultsError } from '../domain/errors';

/** Work that takes longer than this no longer counts: what hangs must not keep others from their turns. */
const MAX_TURN_MS = 10_000;

/**
 * Ticks of the event loop before a piece of work begins. A read by id takes about as many from its arrival to its
 * answer, and so goes first. While thirty clients listed, the median Get took 3 ms rather than 9 with pages of 50, and
 * 24 rather than 76 with pages of 1,000; as many lists were answered (SQLite, all on two busy cores).
 */
const TICKS = 4;

interface Waiting {
  readonly caller: Caller;
  begin(): void;
  refuse(error: TaskResultsError): void;
}

/**
 * Lets a few pieces of work run at a time. The others wait, and connections take turns: however much one of them asks
 * for, another waits for one piece of each at most. What waited for a caller that has gone meanwhile is not begun.
 */
export class FairTurns {
  #running = 0;
  /** What waits, by line; the first line has the next turn. */
  readonly #waiting = new Map<string, Waiting[]>();

  constructor(private readonly maxRunning: number) {}

  /**
   * Runs `work` when its turn comes, and settles as it does. Rejects with STORE_UNAVAILABLE when the caller has gone by
   * then, and with LIMIT_REACHED when too much waits: connections share `maxWaiting` places evenly, and each has one.
   * Work without such a limit waits in a line of its own: the watches of a connection do not stand in the way of its
   * calls.
   */
  async run<T>(caller: Caller, work: () => Promise<T>, maxWaiting = Number.POSITIVE_INFINITY): Promise<T> {
    await this.#turn(caller, maxWaiting);
    let isOver = false;
    const end = () => {
      if (isOver) return;
      isOver = true;
      this.#running--;
      this.#beginNext();
    };
    const timer = setTimeout(end, MAX_TURN_MS);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  #turn(caller: Caller, maxWaiting: number): Promise<void> {
    const line = maxWaiting === Number.POSITIVE_INFINITY ? `${caller.connection} without limit` : caller.connection;
    const own = this.#waiting.get(line) ?? [];
    if (own.length >= Math.max(1, maxWaiting / Math.max(1, this.#waiting.size))) {
      throw new TaskResultsError('LIMIT_REACHED', 'too many reads of many results are waiting on this connection');
    }
    this.#waiting.set(line, own);
    return new Promise((begin, refuse) => {
      own.push({ caller, begin, refuse });
      this.#beginNext();
    });
  }

  #beginNext(): void {
    for (const [line, own] of this.#waiting) {
      if (this.#running >= this.maxRunning) return;
      const next = own.shift();
      // Its next turn comes after one of each other line.
      this.#waiting.delete(line);
      if (own.length > 0) this.#waiting.set(line, own);
      if (next?.caller.isGone) next.refuse(abandoned());
      else if (next) {
        this.#running++;
        inTicks(TICKS, next.begin);
      }
    }
  }
}

function inTicks(ticks: number, begin: () => void): void {
  if (ticks === 0) begin();
  else setImmediate(inTicks, ticks - 1, begin);
}
