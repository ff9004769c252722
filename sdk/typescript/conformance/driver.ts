import { createInterface } from 'node:readline';
import { TaskResults, TaskResultsError } from '@taskresults/client';
import { Operations } from './operations';

/** The conformance driver: a JSON object a line in, one a line out. See sdk/conformance/README.md. */

interface Request {
  n: number;
  op: string;
  [member: string]: unknown;
}

interface Connect {
  target: string;
  token?: string;
  timeout_ms?: number;
}

let client: TaskResults | undefined;
let operations: Operations | undefined;

async function answer({ n, op, ...members }: Request): Promise<void> {
  console.log(JSON.stringify({ n, ...(await outcome(op, members)) }));
}

async function outcome(op: string, members: Record<string, unknown>): Promise<object> {
  try {
    if (op === 'connect') return { ok: connect(members as unknown as Connect) };
    if (!operations) throw new Error('not connected');
    return { ok: (await operations.perform(op, members)) ?? {} };
  } catch (error) {
    const { message } = error as Error;
    return { error: { reason: error instanceof TaskResultsError ? error.reason : 'RAISED', message } };
  }
}

function connect({ target, token, timeout_ms }: Connect): object {
  client?.close();
  client = new TaskResults(target, { token, timeoutMs: timeout_ms });
  operations = new Operations(client);
  return {};
}

createInterface({ input: process.stdin })
  .on('line', (line) => void answer(JSON.parse(line)))
  .on('close', () => client?.close());
