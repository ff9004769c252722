import type { Metadata, Micros, TaskResult, TaskResultStatus } from './task-result';

/** A span of time. A side that is null is open. */
export interface TimeRange {
  /** The first moment inside. */
  start: Micros | null;
  /** The first moment after it. */
  end: Micros | null;
}

/** Which results: all conditions given must hold. Null or empty: no condition. */
export interface Filter {
  statuses: readonly TaskResultStatus[];
  taskPath: string | null;
  queueName: string | null;
  backend: string | null;
  workerId: string | null;
  enqueued: TimeRange | null;
  finished: TimeRange | null;
  metadata: Metadata;
}

/** The same rule that the store applies in SQL, for a result at hand. */
export function matches(filter: Filter, result: TaskResult): boolean {
  return (
    (filter.statuses.length === 0 || filter.statuses.includes(result.status)) &&
    (filter.taskPath === null || filter.taskPath === result.task.path) &&
    (filter.queueName === null || filter.queueName === result.task.queueName) &&
    (filter.backend === null || filter.backend === result.backend) &&
    (filter.workerId === null || result.workerIds.includes(filter.workerId)) &&
    within(filter.enqueued, result.enqueuedAt) &&
    within(filter.finished, result.finishedAt) &&
    Object.entries(filter.metadata).every(([name, value]) => result.metadata[name] === value)
  );
}

function within(range: TimeRange | null, at: Micros | null): boolean {
  if (range === null) return true;
  return at !== null && (range.start === null || range.start <= at) && (range.end === null || at < range.end);
}
