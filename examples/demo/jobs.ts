import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskResultStatus } from '@taskresults/client';

/** A task to be run on a file, and what has to become of it. */
export interface Job {
  path: string;
  file: string;
  attemptsAllowed: number;
  expected: {
    status: TaskResultStatus;
    attempts: number;
    errors: number;
    /** Null unless the job succeeds. */
    returnValueJson: string | null;
  };
}

/** Real work: checksums of the source files in `folder`, and one job for each way that things may go. */
export function planJobs(folder: string): Job[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const [first = ''] = files.map((name) => join(folder, name));
  const checksums = files.map((name): Job => {
    const file = join(folder, name);
    const expected = { status: 'SUCCESSFUL', attempts: 1, errors: 0, returnValueJson: checksumJson(file) } as const;
    return { path: 'demo.checksum', file, attemptsAllowed: 1, expected };
  });
  return [
    ...checksums,
    {
      path: 'demo.flaky_checksum',
      file: first,
      attemptsAllowed: 2,
      expected: { status: 'SUCCESSFUL', attempts: 2, errors: 1, returnValueJson: checksumJson(first) },
    },
    {
      path: 'demo.checksum',
      file: join(folder, 'no-such-file.ts'),
      attemptsAllowed: 1,
      expected: { status: 'FAILED', attempts: 1, errors: 1, returnValueJson: null },
    },
    {
      path: 'demo.read_ahead',
      file: first,
      attemptsAllowed: 1,
      expected: { status: 'SUCCESSFUL', attempts: 1, errors: 0, returnValueJson: 'null' },
    },
  ];
}

/** Worked out in another way than the task does. */
function checksumJson(file: string): string {
  const text = readFileSync(file, 'utf8');
  const sha256 = createHash('sha256').update(text).digest('hex');
  return JSON.stringify({ sha256, lines: text.split('\n').length - 1 });
}
