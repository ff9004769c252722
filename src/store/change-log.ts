import type { Change, ChangeLog, SeqRange } from '../domain/store';
import type { ReadAccess } from './read-access';
import type { ChangeRow } from './rows';
import type { Tables } from './tables';

const CHANGE: readonly (keyof ChangeRow)[] = ['seq', 'taskId', 'incarnation', 'revision'];

/** Reads the change log. */
export class ChangeLogReader {
  /** `keyStep`: see Dialect. */
  constructor(
    private readonly access: ReadAccess,
    private readonly tables: Tables,
    private readonly keyStep: string,
  ) {}

  /** See TaskResultStore.changesAfter. */
  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return this.#changesWhere('c.seq > ?', [cursor], limit);
  }

  /** See TaskResultStore.changesWithin. */
  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    if (ranges.length === 0) return Promise.resolve([]);
    const within = ranges.map(() => 'c.seq BETWEEN ? AND ?').join(' OR ');
    const bounds = ranges.flatMap(({ first, last }) => [first, last]);
    return this.#changesWhere(within, bounds, Number.MAX_SAFE_INTEGER);
  }

  /** See TaskResultStore.changeLog. */
  changeLog(): Promise<ChangeLog> {
    const text = `SELECT MIN(seq) AS oldest, MAX(seq) AS newest, ${this.keyStep} AS step FROM task_changes`;
    return this.access.run(async () => {
      const [row] = await this.access.source.query(text);
      return { oldest: Number(row.oldest ?? 0), newest: Number(row.newest ?? 0), step: Number(row.step) };
    });
  }

  #changesWhere(condition: string, parameters: readonly unknown[], limit: number): Promise<Change[]> {
    const text = `${this.tables.changes.select(CHANGE, 'c')} WHERE ${condition} ORDER BY c.seq LIMIT ?`;
    const values = [...parameters, limit];
    return this.access.run(() => this.access.select(this.tables.changes, CHANGE, { text, values }));
  }
}
