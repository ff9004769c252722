/** Ids of one query. */
const MAX_IDS = 64;
/** Queries in flight at a time, so that what was read can go out before more is read. */
const MAX_QUERIES = 2;
/** Who asks for more ids at a time only holds up others. */
export const MAX_IDS_IN_FLIGHT = MAX_IDS * MAX_QUERIES;

/** A promise that is settled from outside. */
interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * Loads items by id in batches, as a dataloader does: what is asked for within one tick of the event loop becomes one
 * query, and all who ask for one id get the same object. Nobody joins a query that has been sent already, so that what
 * is loaded is never older than the call. Nothing is kept after the answer.
 */
export class BatchLoader<T extends { id: string }> {
  #waiting = new Map<string, Deferred<T | null>>();
  /** Goes through #waiting. Everything before it has been sent. */
  #unsent = this.#waiting.entries();
  #isScheduled = false;
  #queries = 0;

  constructor(private readonly query: (ids: string[]) => Promise<T[]>) {}

  /** The item with this id; null when there is none. Rejects as the query does. */
  load(id: string): Promise<T | null> {
    let asked = this.#waiting.get(id);
    if (!asked) {
      asked = deferred();
      this.#waiting.set(id, asked);
      this.#schedule();
    }
    return asked.promise;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#queries >= MAX_QUERIES || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      while (this.#waiting.size > 0 && this.#queries < MAX_QUERIES) void this.#send(this.#nextBatch());
    });
  }

  #nextBatch(): Map<string, Deferred<T | null>> {
    if (this.#waiting.size <= MAX_IDS) {
      const all = this.#waiting;
      this.#waiting = new Map();
      this.#unsent = this.#waiting.entries();
      return all;
    }
    const some = new Map<string, Deferred<T | null>>();
    // Whatever is asked for comes in at the end, ahead of the iterator. Each look from the beginning would pass the
    // places of all that has been sent: with many thousands of ids, as after a restart, that takes minutes.
    while (some.size < MAX_IDS) {
      const [id, asked] = this.#unsent.next().value as [string, Deferred<T | null>];
      some.set(id, asked);
      this.#waiting.delete(id);
    }
    return some;
  }

  async #send(batch: Map<string, Deferred<T | null>>): Promise<void> {
    this.#queries++;
    try {
      for (const found of await this.query([...batch.keys()])) {
        batch.get(found.id)?.resolve(found);
        batch.delete(found.id);
      }
      for (const { resolve } of batch.values()) resolve(null);
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    } finally {
      this.#queries--;
      this.#schedule();
    }
  }
}

function deferred<T>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
