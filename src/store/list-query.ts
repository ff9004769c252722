import type { EntitySchema, SelectQueryBuilder } from 'typeorm';
import type { Filter } from '../domain/filter';
import type { Outline, Position } from '../domain/store';
import { statusNumber } from './column-types';
import { OUTLINE } from './outline';
import type { ReadAccess } from './read-access';
import type { ResultRow } from './rows';
import type { Table } from './table';

/** The SQL of a filter, with one page of what matches. */
export class ListQuery {
  constructor(
    private readonly access: ReadAccess,
    private readonly results: Table<ResultRow>,
    private readonly entity: EntitySchema<ResultRow>,
  ) {}

  /** See TaskResultStore.list. */
  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.access.run(() => {
      const query = this.access.source.createQueryBuilder(this.entity, 'r').select([]);
      for (const property of OUTLINE) query.addSelect(`r.${property}`, property);
      query.orderBy({ 'r.enqueuedAt': 'DESC', 'r.id': 'DESC' }).limit(limit);
      addConditions(query, filter);
      if (after) {
        query.andWhere('r.enqueuedAt <= :at AND (r.enqueuedAt < :at OR r.id < :id)', {
          at: after.enqueuedAt,
          id: after.id,
        });
      }
      const [text, values] = query.getQueryAndParameters();
      return this.access.select(this.results, OUTLINE, { text, values, scans: true });
    });
  }
}

function addConditions(query: SelectQueryBuilder<ResultRow>, filter: Filter): void {
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
