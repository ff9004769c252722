import { type Deferred, deferred } from '../deferred';

/** Ids of one query. */
const MOST_IDS = 64;
/** Queries under way at a time, so that what was read can go out before more is read. */
const MOST_QUERIES = 2;

/**
 * Reads by id that are asked for within one turn of the event loop become one query, and all who ask for one id share what
 * was read. A read never joins a query that has been sent before it was asked for, so that it is never older than its call.
 */
export class JoinedReader<T extends { id: string }> {
  #asked = new Map<string, Deferred<T | null>>();
  #scheduled = false;
  #queries = 0;

  constructor(private readonly load: (ids: string[]) => Promise<T[]>) {}

  /** What has this id; null when nothing has. */
  read(id: string): Promise<T | null> {
    let asked = this.#asked.get(id);
    if (!asked) {
      asked = deferred<T | null>();
      this.#asked.set(id, asked);
      this.#schedule();
    }
    return asked.promise;
  }

  #schedule(): void {
    if (this.#scheduled || this.#queries >= MOST_QUERIES || this.#asked.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#asked.size > 0 && this.#queries < MOST_QUERIES) void this.#query(this.#take());
    });
  }

  #take(): Map<string, Deferred<T | null>> {
    if (this.#asked.size <= MOST_IDS) {
      const all = this.#asked;
      this.#asked = new Map();
      return all;
    }
    const some = new Map([...this.#asked].slice(0, MOST_IDS));
    for (const id of some.keys()) this.#asked.delete(id);
    return some;
  }

  async #query(batch: Map<string, Deferred<T | null>>): Promise<void> {
    this.#queries++;
    try {
      for (const found of await this.load([...batch.keys()])) {
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
