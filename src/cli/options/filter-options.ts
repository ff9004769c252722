import type { PreciseDate, TaskResultFilter, TaskResultStatus } from '@taskresults/client';
import type { Command } from 'commander';
import { labels, nonEmpty, statuses, time } from './option-values';

export interface FilterOptions {
  status?: TaskResultStatus[];
  task?: string;
  queue?: string;
  backend?: string;
  worker?: string;
  enqueuedFrom?: PreciseDate;
  enqueuedBefore?: PreciseDate;
  finishedFrom?: PreciseDate;
  finishedBefore?: PreciseDate;
  label?: Record<string, string>;
}

/** The options that choose results; all conditions given must hold. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--status <status>', 'only READY, RUNNING, FAILED or SUCCESSFUL ones; several with commas', statuses)
    .option('--task <path>', 'only results of this task', nonEmpty)
    .option('--queue <name>', 'only results of this queue', nonEmpty)
    .option('--backend <name>', 'only results of this task backend', nonEmpty)
    .option('--worker <id>', 'only results with an attempt by this worker', nonEmpty)
    .option('--enqueued-from <time>', 'only results enqueued at this time or later, e.g. 2026-01-31T12:00:00Z', time)
    .option('--enqueued-before <time>', 'only results enqueued before this time', time)
    .option('--finished-from <time>', 'only results finished at this time or later', time)
    .option('--finished-before <time>', 'only results finished before this time', time)
    .option('--label <name=value>', 'only results with this label; may be repeated', labels);
}

export function readFilter(options: FilterOptions): TaskResultFilter {
  return {
    statuses: options.status,
    path: options.task,
    queueName: options.queue,
    backend: options.backend,
    workerId: options.worker,
    enqueued: range(options.enqueuedFrom, options.enqueuedBefore),
    finished: range(options.finishedFrom, options.finishedBefore),
    metadata: options.label,
  };
}

/** Whether any condition is given. */
export function isFiltered(options: FilterOptions): boolean {
  return Object.values(readFilter(options)).some((condition) => condition !== undefined);
}

function range(start: PreciseDate | undefined, end: PreciseDate | undefined) {
  return start || end ? { start, end } : undefined;
}
