import type { Dialect } from './dialect';
import { classify } from './driver-errors';
import { placeholders } from './statement';
import type { Tables } from './tables';

/** Statements of one search. Even with many rows locked it takes some ten milliseconds. */
const MAX_PROBES = 100;

/** Finds rows that other transactions have locked. */
export class LockedRows {
  constructor(
    private readonly tables: Tables,
    private readonly dialect: Dialect,
  ) {}

  /**
   * Those of these ids whose row another transaction has locked, or has inserted without having committed yet. Finds
   * them by halves, and takes no locks that last. Ids that could not be looked at within MAX_PROBES count as locked.
   */
  async among(ids: readonly string[]): Promise<Set<string>> {
    const locked = new Set<string>();
    const unknown = ids.length === 0 ? [] : [ids];
    let probes = 0;
    for (let some = unknown.pop(); some; some = unknown.pop()) {
      if (probes++ < MAX_PROBES && (await this.#areFree(some))) continue;
      if (some.length === 1 || probes > MAX_PROBES) {
        for (const id of some) locked.add(id);
      } else {
        const middle = some.length >> 1;
        unknown.push(some.slice(middle), some.slice(0, middle));
      }
    }
    return locked;
  }

  async #areFree(ids: readonly string[]): Promise<boolean> {
    // Without an order, MariaDB may go through other rows of a small table, and meet their locks.
    const where = `WHERE r.id IN (${placeholders(ids.length)}) ORDER BY r.id`;
    const text = `${this.tables.results.select(['id'], 'r')} ${where} ${this.dialect.lockClause} NOWAIT`;
    try {
      await this.dialect.select({ text, values: ids });
      return true;
    } catch (error) {
      if (classify(error, this.dialect.faultOf) === 'locked') return false;
      throw error;
    }
  }
}
