import { basename } from 'node:path';
import type { TaskResult, TaskResults } from '@taskresults/client';
import { colors, tableLines } from '../../src/cli/output/table';
import type { Job } from './jobs';

const HEAD = ['TASK', 'FILE', 'STATUS', 'ATTEMPTS', 'RETURN VALUE OR LAST ERROR', 'AS EXPECTED'];

/** Reads every result back and shows it beside what was expected; whether all are so. */
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
  for (const line of tableLines(HEAD, rows)) console.log(line);
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
