import type { DataSource, EntitySchema, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Filter } from '../domain/filter';
import type { Change, Outline, Position, SeqRange } from '../domain/store';
import type { Micros, TaskError, TaskResult, View } from '../domain/task-result';
import type { Dialect } from './dialect';
import { type ChangeRow, type Entities, type ErrorRow, type ResultRow, statusNumber } from './entities';
import { readWithRetries } from './retry';

const BASIC: readonly (keyof ResultRow)[] = [
  'id',
  'taskPath',
  'priority',
  'queueName',
  'runAfter',
  'takesContext',
  'backend',
  'status',
  'revision',
  'attempts',
  'errorCount',
  'metadataCount',
  'workerId',
  'enqueuedAt',
  'startedAt',
  'lastAttemptedAt',
  'finishedAt',
  'expiresAt',
];
const FULL: readonly (keyof ResultRow)[] = [...BASIC, 'argsJson', 'kwargsJson', 'returnValueJson'];
const OUTLINE: readonly (keyof ResultRow & keyof Outline)[] = [
  'id',
  'enqueuedAt',
  'status',
  'revision',
  'payloadBytes',
  'errorBytes',
];

const ERROR: readonly (keyof ErrorRow)[] = [
  'taskId',
  'ordinal',
  'attempt',
  'workerId',
  'raisedAt',
  'exceptionClassPath',
  'message',
];

/** Of reading results that are being deleted and created anew. More than a few in a row means broken data. */
const MOST_ROUNDS = 10;

/** The read side of the store. */
export class Reader {
  constructor(
    private readonly source: DataSource,
    private readonly entities: Entities,
    private readonly dialect: Dialect,
  ) {}

  /** See TaskResultStore.read. */
  read(ids: readonly string[], view: View): Promise<TaskResult[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.#run(() => this.#readWhole([...ids], view));
  }

  /** See TaskResultStore.outline. */
  outline(ids: readonly string[]): Promise<Outline[]> {
    if (ids.length === 0) return Promise.resolve([]);
    return this.#run(() => this.#results(OUTLINE).where('r.id IN (:...ids)', { ids }).getMany());
  }

  /** See TaskResultStore.list. */
  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.#run(() => {
      const query = this.#results(OUTLINE).orderBy({ 'r.enqueuedAt': 'DESC', 'r.id': 'DESC' }).limit(limit);
      this.#where(query, filter);
      if (after) {
        query.andWhere('r.enqueuedAt <= :at AND (r.enqueuedAt < :at OR r.id < :id)', {
          at: after.enqueuedAt,
          id: after.id,
        });
      }
      return query.getMany();
    });
  }

  /** See TaskResultStore.changesAfter. */
  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return this.#run(() => this.#changes().where('c.seq > :cursor', { cursor }).limit(limit).getMany());
  }

  /** See TaskResultStore.changesWithin. */
  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    if (ranges.length === 0) return Promise.resolve([]);
    return this.#run(() => {
      const query = this.#changes();
      ranges.forEach(({ first, last }, i) => {
        query.orWhere(`c.seq BETWEEN :first${i} AND :last${i}`, { [`first${i}`]: first, [`last${i}`]: last });
      });
      return query.getMany();
    });
  }

  /** See TaskResultStore.newestChange. */
  newestChange(): Promise<number> {
    return this.#run(async () => {
      const newest = await this.source
        .createQueryBuilder(this.entities.changes, 'c')
        .orderBy('c.seq', 'DESC')
        .limit(1)
        .getOne();
      return newest?.seq ?? 0;
    });
  }

  /** See TaskResultStore.expired. */
  expired(now: Micros, limit: number): Promise<Outline[]> {
    return this.#run(() => this.#results(OUTLINE).where('r.expiresAt <= :now', { now }).limit(limit).getMany());
  }

  #run<T>(read: () => Promise<T>): Promise<T> {
    return this.dialect.exclusively(() => readWithRetries(read));
  }

  #changes(): SelectQueryBuilder<ChangeRow> {
    return this.source.createQueryBuilder(this.entities.changes, 'c').orderBy('c.seq');
  }

  #results(columns: readonly (keyof ResultRow)[]): SelectQueryBuilder<ResultRow> {
    return this.source.createQueryBuilder(this.entities.results, 'r').select(columns.map((column) => `r.${column}`));
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
    if (finished) query.andWhere('r.finishedAt IS NOT NULL');
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
   * perhaps created anew, which the history of the new one tells by its `enqueuedAt`: such ids are read again.
   */
  async #readWhole(ids: string[], view: View): Promise<TaskResult[]> {
    const results: TaskResult[] = [];
    for (let pending = ids, rounds = 0; pending.length > 0; rounds++) {
      if (rounds === MOST_ROUNDS) throw new Error('the history of a result does not fit its row');
      const rows = await this.#results(view === 'FULL' ? FULL : BASIC)
        .where('r.id IN (:...ids)', { ids: pending })
        .getMany();
      const rowsWith = (count: 'attempts' | 'errorCount' | 'metadataCount', least: number) =>
        rows.filter((row) => row[count] >= least);
      const { attempts, errors: failures, metadata } = this.entities;
      const [workers, errors, labels] = [
        // The row itself holds the worker of the newest attempt, which mostly is the only one.
        await this.#history(attempts, rowsWith('attempts', 2), 'attempt'),
        await this.#history(failures, rowsWith('errorCount', 1), 'ordinal', this.#errorColumns(view)),
        await this.#history(metadata, rowsWith('metadataCount', 1), 'name'),
      ];
      pending = [];
      for (const row of rows) {
        const names = labels.get(row.id) ?? [];
        const history = {
          workerIds:
            row.attempts === 1
              ? [row.workerId ?? '']
              : (workers.get(row.id) ?? []).slice(0, row.attempts).map((w) => w.workerId),
          errors: (errors.get(row.id) ?? []).slice(0, row.errorCount).map(asError),
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

  #errorColumns(view: View): readonly (keyof ErrorRow)[] {
    return view === 'FULL' ? [...ERROR, 'traceback'] : ERROR;
  }

  /** Rows that belong to just these results, by id, in the order of `order`. */
  async #history<Row extends ObjectLiteral & { taskId: string }>(
    entity: EntitySchema<Row>,
    results: readonly ResultRow[],
    order: string & keyof Row,
    columns?: readonly (string & keyof Row)[],
  ): Promise<Map<string, Row[]>> {
    const byId = new Map<string, Row[]>();
    if (results.length === 0) return byId;
    const ids = results.map((row) => row.id);
    const times = [...new Set(results.map((row) => row.enqueuedAt))];
    const query = this.source
      .createQueryBuilder(entity, 'h')
      .innerJoin(this.entities.results, 'r', 'r.id = h.taskId AND r.enqueuedAt IN (:...times)', { times })
      .where('h.taskId IN (:...ids)', { ids })
      .orderBy(`h.${order}`);
    if (columns) query.select(columns.map((column) => `h.${column}`));
    for (const row of await query.getMany()) {
      const rows = byId.get(row.taskId);
      if (rows) rows.push(row);
      else byId.set(row.taskId, [row]);
    }
    return byId;
  }
}

function asError(row: ErrorRow): TaskError {
  const { exceptionClassPath, message, traceback, attempt, workerId, raisedAt } = row;
  return { exceptionClassPath, message, traceback: traceback ?? '', attempt, workerId, raisedAt };
}

function asResult(row: ResultRow, history: Pick<TaskResult, 'errors' | 'workerIds' | 'metadata'>): TaskResult {
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
    revision: row.revision,
    expiresAt: row.expiresAt,
    ...history,
  };
}
