import type { Clock, Micros } from '../domain/task-result';
import type { Dialect } from './dialect';
import type { ReadAccess } from './read-access';

interface Log {
  table: string;
  /** Its generated key: rows stand in the order of time. */
  key: string;
  /** Rows are kept at least this long, even if less is asked for. */
  minAge: Micros;
}

const LOGS: readonly Log[] = [
  { table: 'task_changes', key: 'seq', minAge: 0 },
  // A COMMIT may be in doubt for as long as its next try waits for locks.
  { table: 'task_transactions', key: 'number', minAge: 3_600_000_000 },
];

/** Removes old rows of the tables that only grow. */
export class Trimmer {
  /** The key up to which rows of a table are old, where not all of them are removed yet. */
  readonly #cuts = new Map<Log, number>();

  constructor(
    private readonly access: ReadAccess,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
  ) {}

  /** See TaskResultStore.trimChanges. */
  async trim(age: Micros, limit: number): Promise<boolean> {
    let isMore = false;
    for (const log of LOGS) {
      const keptFor = Math.max(age, log.minAge);
      if (await this.access.run(() => this.#trimLog(log, keptFor, limit))) isMore = true;
    }
    return isMore;
  }

  async #trimLog(log: Log, age: Micros, limit: number): Promise<boolean> {
    const { table, key } = log;
    const [ends] = await this.access.source.query(`SELECT MIN(${key}) AS oldest, MAX(${key}) AS newest FROM ${table}`);
    const [oldest, newest] = [Number(ends.oldest ?? 0), Number(ends.newest ?? 0)];
    const cut = this.#cuts.get(log) ?? (await this.#newestOlderThan(log, age, oldest, newest));
    const last = Math.min(cut, oldest + limit - 1);
    if (oldest > 0) await this.access.source.query(`DELETE FROM ${table} WHERE ${key} <= ?`, [last]);
    if (last < cut) this.#cuts.set(log, cut);
    else this.#cuts.delete(log);
    return last < cut;
  }

  /**
   * The key of the newest row that is older than `age`; 0: there is none. The newest row of all stays, so that its key
   * is never given again. Found by halving, from the newest on. The clock may have been ahead for a while and may have
   * given some rows a time in the future: rows before one that is old are old, whatever their own time is.
   */
  async #newestOlderThan(log: Log, age: Micros, oldest: number, newest: number): Promise<number> {
    let young = newest;
    let old = 0;
    for (let back = 1; old === 0 && young > oldest; back *= 2) {
      const row = await this.#lastRow(log, age, Math.max(oldest, newest - back));
      if (row.isOld) old = row.key;
      else young = row.key;
    }
    while (old > 0 && young - old > 1) {
      const middle = Math.floor((old + young) / 2);
      const row = await this.#lastRow(log, age, middle);
      if (!row.isOld) young = row.key;
      else if (row.key > old) old = row.key;
      else young = middle; // there is nothing in between
    }
    return old;
  }

  /** The last row up to this key. If another process has just removed it, it counts as young. */
  async #lastRow({ table, key }: Log, age: Micros, upTo: number): Promise<{ key: number; isOld: boolean }> {
    const { text, values } = this.dialect.olderThan(age, this.clock());
    const select = `SELECT ${key} AS rowKey, ${text} AS isOld FROM ${table}`;
    const rows = await this.access.source.query(`${select} WHERE ${key} <= ? ORDER BY ${key} DESC LIMIT 1`, [
      ...values,
      upTo,
    ]);
    return rows.length === 0
      ? { key: 0, isOld: false }
      : { key: Number(rows[0].rowKey), isOld: Number(rows[0].isOld) === 1 };
  }
}
