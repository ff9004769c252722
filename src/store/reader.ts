import type { DataSource, SelectQueryBuilder } from 'typeorm';
import type { Filter } from '../domain/filter';
import type { Change, ChangeLog, Outline, Position, SeqRange } from '../domain/store';
import type { Micros, TaskError, TaskResult, View } from '../domain/task-result';
import type { Dialect } from './dialect';
import {
  type AttemptRow,
  type ChangeRow,
  type Entities,
  type ErrorRow,
  type MetadataRow,
  type ResultRow,
  statusNumber,
} from './entities';
import { readWithRetries } from './retry';
import { placeholders, type Statement } from './statement';
import type { Table } from './table';
import type { Tables } from './tables';

/** A row of `task_results`, and what belongs to it in other tables but mostly is one value. */
interface WholeRow extends ResultRow {
  /** The worker of the newest attempt. */
  workerId: string | null;
  /** Left out in the view BASIC. */
  returnValueJson?: string | null;
}

const BASIC: readonly (keyof ResultRow)[] = [
  'id',
  'taskPath',
  'priority',
  'queueName',
  'runAfter',
  'takesContext',
  'backend',
  'status',
  'incarnation',
  'revision',
  'attempts',
  'errorCount',
  'metadataCount',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'expiresAt',
];
const FULL: readonly (keyof ResultRow)[] = [...BASIC, 'argsJson', 'kwargsJson'];
const OUTLINE: readonly (keyof ResultRow & keyof Outline)[] = [
  'id',
  'enqueuedAt',
  'status',
  'incarnation',
  'revision',
  'payloadBytes',
  'errorBytes',
];

const ERROR: readonly (keyof ErrorRow)[] = [
  'taskId',
  'ordinal',
  'attempt',
  'raisedAt',
  'exceptionClassPath',
  'message',
];

const WORKER: readonly (keyof AttemptRow)[] = ['taskId', 'attempt', 'workerId'];
const NEWEST_WORKER = ['workerId'] as const;
const RETURN_VALUE = ['returnValueJson'] as const;
const LABEL: readonly (keyof MetadataRow)[] = ['taskId', 'name', 'value'];
const CHANGE: readonly (keyof ChangeRow)[] = ['seq', 'taskId', 'incarnation', 'revision'];

/**
 * Of reading results that are being deleted and created anew, each round having lost to a rival. So many mean broken
 * data.
 */
const MOST_ROUNDS = 100;

/** The read side of the store. */
export class Reader {
  constructor(
    private readonly source: DataSource,
    private readonly entities: Entities,
    private readonly tables: Tables,
    private readonly dialect: Dialect,
  ) {}

  /** See TaskResultStore.read. */
  read(ids: readonly string[], view: View, mostBytes?: number): Promise<TaskResult[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.#run(() => this.#readWhole([...ids], view, mostBytes));
  }

  /** See TaskResultStore.outline. */
  outline(ids: readonly string[]): Promise<Outline[]> {
    if (ids.length === 0) return Promise.resolve([]);
    const text = `${this.tables.results.select(OUTLINE, 'r')} WHERE r.id IN (${placeholders(ids.length)})`;
    return this.#run(() =>
      this.#select(this.tables.results, OUTLINE, { text, values: ids, prepared: ids.length === 1 }),
    );
  }

  /** See TaskResultStore.list. */
  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.#run(async () => {
      const query = this.source.createQueryBuilder(this.entities.results, 'r').select([]);
      for (const property of OUTLINE) query.addSelect(`r.${property}`, property);
      query.orderBy({ 'r.enqueuedAt': 'DESC', 'r.id': 'DESC' }).limit(limit);
      this.#where(query, filter);
      if (after) {
        query.andWhere('r.enqueuedAt <= :at AND (r.enqueuedAt < :at OR r.id < :id)', {
          at: after.enqueuedAt,
          id: after.id,
        });
      }
      const rows = await query.getRawMany<Outline>();
      this.tables.results.fromRaw(rows, OUTLINE);
      return rows;
    });
  }

  /** See TaskResultStore.changesAfter. */
  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return this.#run(() => this.#changesWhere('c.seq > ?', [cursor], limit));
  }

  /** See TaskResultStore.changesWithin. */
  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    if (ranges.length === 0) return Promise.resolve([]);
    const within = ranges.map(() => 'c.seq BETWEEN ? AND ?').join(' OR ');
    const bounds = ranges.flatMap(({ first, last }) => [first, last]);
    return this.#run(() => this.#changesWhere(within, bounds, Number.MAX_SAFE_INTEGER));
  }

  /** See TaskResultStore.changeLog. */
  changeLog(): Promise<ChangeLog> {
    const { keyStep } = this.dialect;
    return this.#run(async () => {
      const [row] = await this.source.query(
        `SELECT MIN(seq) AS oldest, MAX(seq) AS newest, ${keyStep} AS step FROM task_changes`,
      );
      return { oldest: Number(row.oldest ?? 0), newest: Number(row.newest ?? 0), step: Number(row.step) };
    });
  }

  /** See TaskResultStore.expired. */
  expired(now: Micros, limit: number): Promise<Outline[]> {
    const text = `${this.tables.results.select(OUTLINE, 'r')} WHERE r.expires_at BETWEEN 1 AND ? LIMIT ?`;
    return this.#run(() => this.#select(this.tables.results, OUTLINE, { text, values: [now, limit] }));
  }

  #run<T>(read: () => Promise<T>): Promise<T> {
    return this.dialect.exclusively(() => readWithRetries(read));
  }

  async #select<Row extends object, P extends keyof Row & string>(
    table: Table<Row>,
    properties: readonly P[],
    statement: Statement,
  ): Promise<Pick<Row, P>[]> {
    const rows = (await this.dialect.select(this.source, statement)) as Pick<Row, P>[];
    table.fromRaw(rows, properties);
    return rows;
  }

  async #byId(ids: readonly string[], view: View, mostBytes?: number): Promise<WholeRow[]> {
    const { results, attempts, returnValues } = this.tables;
    const properties = view === 'FULL' ? FULL : BASIC;
    const columns = [results.list(properties, 'r'), attempts.list(NEWEST_WORKER, 'a')];
    const joins = [`LEFT JOIN ${attempts.name} a ON a.task_id = r.id AND a.attempt = r.attempts`];
    if (view === 'FULL') {
      columns.push(returnValues.list(RETURN_VALUE, 'v'));
      joins.push(`LEFT JOIN ${returnValues.name} v ON v.task_id = r.id`);
    }
    const select = `SELECT ${columns.join(', ')} FROM ${results.name} r ${joins.join(' ')}`;
    const conditions = [`r.id IN (${placeholders(ids.length)})`];
    const values: unknown[] = [...ids];
    if (mostBytes !== undefined) {
      conditions.push(`${view === 'FULL' ? 'r.payload_bytes + ' : ''}r.error_bytes <= ?`);
      values.push(mostBytes);
    }
    const text = `${select} WHERE ${conditions.join(' AND ')}`;
    const statement = { text, values, prepared: ids.length === 1 };
    const rows = (await this.dialect.select(this.source, statement)) as WholeRow[];
    results.fromRaw(rows, properties);
    attempts.fromRaw(rows as { workerId: string }[], NEWEST_WORKER);
    return rows;
  }

  #changesWhere(condition: string, parameters: readonly unknown[], limit: number): Promise<Change[]> {
    const text = `${this.tables.changes.select(CHANGE, 'c')} WHERE ${condition} ORDER BY c.seq LIMIT ?`;
    return this.#select(this.tables.changes, CHANGE, { text, values: [...parameters, limit] });
  }

  #where(query: SelectQueryBuilder<ResultRow>, filter: Filter): void {
    const { statuses, taskPath, queueName, backend, workerId, enqueued, finished } = filter;
    if (statuses.length > 0) query.andWhere('r.status IN (:...statuses)', { statuses: statuses.map(statusNumber) });
    if (taskPath !== null) query.andWhere('r.taskPath = :taskPath', { taskPath });
    if (queueName !== null) query.andWhere('r.queueName = :queueName', { queueName });
    if (backend !== null) query.andWhere('r.backend = :backend', { backend });
    if (workerId !== null) {
      query.andWhere('EXISTS (SELECT 1 FROM task_attempts a WHERE a.task_id = r.id AND a.worker_id = :workerId)', {
        workerId,
      });
    }
    const bounds = { es: enqueued?.start, ee: enqueued?.end, fs: finished?.start, fe: finished?.end };
    if (typeof bounds.es === 'number') query.andWhere('r.enqueuedAt >= :es', bounds);
    if (typeof bounds.ee === 'number') query.andWhere('r.enqueuedAt < :ee', bounds);
    if (finished) query.andWhere('r.finishedAt > 0');
    if (typeof bounds.fs === 'number') query.andWhere('r.finishedAt >= :fs', bounds);
    if (typeof bounds.fe === 'number') query.andWhere('r.finishedAt < :fe', bounds);
    Object.entries(filter.metadata).forEach(([name, value], i) => {
      query.andWhere(
        `EXISTS (SELECT 1 FROM task_metadata m WHERE m.task_id = r.id AND m.name = :name${i} AND m.value = :value${i})`,
        { [`name${i}`]: name, [`value${i}`]: value },
      );
    });
  }

  /**
   * A result and its history come from several statements. History only grows and the row says how long it was, so that
   * cutting it there makes one picture of one moment. When it is shorter the result has been deleted in between, and
   * perhaps created anew: the history of another incarnation counts as none. Such ids are read again.
   */
  async #readWhole(ids: string[], view: View, mostBytes?: number): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    for (let pending = ids, rounds = 0; pending.length > 0; rounds++) {
      if (rounds === MOST_ROUNDS) throw new Error('the history of a result does not fit its row');
      const rows = await this.#byId(pending, view, mostBytes);
      // The newest attempt mostly is the only one.
      const workers = await this.#history(
        this.tables.attempts,
        WORKER,
        rows.filter((row) => row.attempts > 1),
      );
      const errors = await this.#history(
        this.tables.errors,
        errorColumns(view),
        rows.filter((row) => row.errorCount > 0),
      );
      const labels = await this.#history(
        this.tables.metadata,
        LABEL,
        rows.filter((row) => row.metadataCount > 0),
      );
      pending = [];
      for (const row of rows) {
        const names = labels.get(row.id) ?? [];
        const workerIds =
          row.attempts === 1
            ? [row.workerId ?? '']
            : (workers.get(row.id) ?? []).slice(0, row.attempts).map(({ workerId }) => workerId);
        const history = {
          workerIds,
          errors: (errors.get(row.id) ?? []).slice(0, row.errorCount).map((error) => asError(error, workerIds)),
          metadata: Object.fromEntries(names.map(({ name, value }) => [name, value])),
        };
        const whole =
          history.workerIds.length === row.attempts &&
          history.errors.length === row.errorCount &&
          names.length === row.metadataCount;
        if (whole) results.push(asResult(row, history));
        else pending.push(row.id);
      }
    }
    return results;
  }

  /** Rows that belong to just these results, by id, in the order of the second column of `properties`. */
  async #history<Row extends { taskId: string }>(
    table: Table<Row>,
    properties: readonly ('taskId' | (keyof Row & string))[],
    results: readonly ResultRow[],
  ): Promise<Map<string, Row[]>> {
    const byId = new Map<string, Row[]>();
    if (results.length === 0) return byId;
    const incarnations = new Map(results.map((row) => [row.id, row.incarnation]));
    const rows = (await this.#select(table, properties, {
      text:
        `SELECT ${table.list(properties, 'h')}, r.incarnation AS incarnation FROM ${table.name} h` +
        ` JOIN ${this.tables.results.name} r ON r.id = h.task_id` +
        ` WHERE h.task_id IN (${placeholders(results.length)}) ORDER BY h.task_id, 2`,
      values: [...incarnations.keys()],
    })) as (Row & { incarnation: number })[];
    for (const row of rows) {
      if (Number(row.incarnation) !== incarnations.get(row.taskId)) continue;
      const ofTask = byId.get(row.taskId);
      if (ofTask) ofTask.push(row);
      else byId.set(row.taskId, [row]);
    }
    return byId;
  }
}

function errorColumns(view: View): readonly (keyof ErrorRow)[] {
  return view === 'FULL' ? [...ERROR, 'traceback'] : ERROR;
}

function asError(row: ErrorRow, workerIds: readonly string[]): TaskError {
  const { exceptionClassPath, message, traceback, attempt, raisedAt } = row;
  const workerId = workerIds[attempt - 1] ?? '';
  return { exceptionClassPath, message, traceback: traceback ?? '', attempt, workerId, raisedAt };
}

function asResult(row: WholeRow, history: Pick<TaskResult, 'errors' | 'workerIds' | 'metadata'>): TaskResult {
  const { taskPath: path, priority, queueName, runAfter, takesContext } = row;
  return {
    id: row.id,
    task: { path, priority, queueName, runAfter, takesContext },
    status: row.status,
    enqueuedAt: row.enqueuedAt,
    startedAt: row.startedAt,
    lastAttemptedAt: row.lastAttemptedAt,
    finishedAt: row.finishedAt,
    argsJson: row.argsJson ?? '',
    kwargsJson: row.kwargsJson ?? '',
    backend: row.backend,
    returnValueJson: row.returnValueJson ?? null,
    incarnation: row.incarnation,
    revision: row.revision,
    expiresAt: row.expiresAt,
    ...history,
  };
}
