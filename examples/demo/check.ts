import { basename } from 'node:path';
import type { TaskResult, TaskResults } from '@taskresults/client';
import { colors, tableLines } from '../../src/cli/output/table';
import type { Job } from './jobs';

const COLUMNS = [
  { head: 'TASK', minWidth: 12, kept: 'end' },
  { head: 'FILE', minWidth: 10, rank: 2 },
  { head: 'STATUS', minWidth: 10 },
  { head: 'ATTEMPTS', minWidth: 8, rank: 1 },
  { head: 'RETURN VALUE OR LAST ERROR', minWidth: 26 },
  { head: 'AS EXPECTED', minWidth: 11 },
] as const;

/** Reads every result back and shows it next to what was expected. Returns whether all are so. */
export async function checkAll(client: TaskResults, ids: string[], jobs: Job[]): Promise<boolean> {
  const { found } = await client.getMany(ids);
  const checked = jobs.map((job, i) => {
    const result = found.find(({ id }) => id === ids[i]);
    return { job, result, right: result !== undefined && isAsExpected(result, job) };
  });
  const rows = checked.map(({ job, result, right }) => [
    { text: job.path },
    { text: basename(job.file) },
    { text: result ? result.status : 'missing' },
    { text: String(result?.attempts ?? 0) },
    { text: result ? outcome(result).slice(0, 40) : '' },
    right ? { text: 'yes', paint: colors.green } : { text: 'NO', paint: colors.red },
  ]);
  for (const line of tableLines(COLUMNS, rows)) console.log(line);
  return checked.every(({ right }) => right);
}

function isAsExpected(result: TaskResult, { expected }: Job): boolean {
  const { status, attempts, errors, returnValueJson } = result;
  return (
    status === expected.status &&
    attempts === expected.attempts &&
    errors.length === expected.errors &&
    errors.every(({ traceback }) => traceback.includes('Error: ')) &&
    returnValueJson === expected.returnValueJson
  );
}

function outcome({ returnValueJson, errors }: TaskResult): string {
  const error = errors.at(-1);
  return returnValueJson ?? (error ? `${error.exceptionClassPath}: ${error.message}` : '');
}
