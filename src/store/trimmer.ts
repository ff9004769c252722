import type { DataSource } from 'typeorm';
import type { Micros } from '../domain/task-result';
import type { Dialect } from './dialect';
import { readWithRetries } from './retry';

interface Log {
  table: string;
  /** Its generated key: rows stand in the order of time. */
  key: string;
}

const LOGS: readonly Log[] = [
  { table: 'task_changes', key: 'seq' },
  { table: 'task_transactions', key: 'number' },
];

interface Row {
  key: number;
  at: Micros;
}

/** Removes what is old of the tables that only grow. */
export class Trimmer {
  constructor(
    private readonly source: DataSource,
    private readonly dialect: Dialect,
  ) {}

  /** See TaskResultStore.trimChanges. */
  async trim(before: Micros, limit: number): Promise<boolean> {
    const more = [];
    for (const log of LOGS) {
      more.push(await this.dialect.exclusively(() => readWithRetries(() => this.#trimLog(log, before, limit))));
    }
    return more.includes(true);
  }

  async #trimLog({ table, key }: Log, before: Micros, limit: number): Promise<boolean> {
    const [ends] = await this.source.query(`SELECT MIN(${key}) AS oldest, MAX(${key}) AS newest FROM ${table}`);
    if (ends.oldest === null) return false;
    const [oldest, newest] = [Number(ends.oldest), Number(ends.newest)];
    const cut = await this.#newestBefore({ table, key }, before, oldest, newest);
    if (cut === null) return false;
    // The newest row stays: what comes after it never gets its number again.
    const last = Math.min(cut, newest - 1, oldest + limit - 1);
    await this.source.query(`DELETE FROM ${table} WHERE ${key} <= ?`, [last]);
    return last < Math.min(cut, newest - 1);
  }

  /**
   * The key of the newest row from before this time, found by halving, from the newest on. Clocks may have given some rows
   * a time that is wrong, by hours or days: rows behind one that is old are old, whatever they say themselves.
   */
  async #newestBefore(log: Log, before: Micros, oldest: number, newest: number): Promise<number | null> {
    let fresh = newest + 1;
    let old: number | null = null;
    for (let back = 1; old === null && fresh > oldest; back *= 2) {
      const row = await this.#lastRow(log, Math.max(oldest, newest + 1 - back));
      if (row.at < before) old = row.key;
      else fresh = row.key;
    }
    while (old !== null && fresh - old > 1) {
      const row = await this.#lastRow(log, Math.floor((old + fresh) / 2));
      if (row.at >= before) fresh = row.key;
      else if (row.key === old) fresh = Math.floor((old + fresh) / 2);
      else old = row.key;
    }
    return old;
  }

  /** The last row up to this key, which is not below that of the oldest. */
  async #lastRow({ table, key }: Log, upTo: number): Promise<Row> {
    const text = `SELECT ${key} AS \`key\`, at FROM ${table} WHERE ${key} <= ? ORDER BY ${key} DESC LIMIT 1`;
    const [row] = await this.source.query(text, [upTo]);
    return { key: Number(row.key), at: Number(row.at) };
  }
}
