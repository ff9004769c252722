import { type TaskResult, TaskResults } from '@taskresults/client';
import { CHECKSUM } from './checksum';

/** Shows what becomes of every such task, until Ctrl-C. */
async function main(): Promise<void> {
  const { TASKRESULTS_SERVER = '127.0.0.1:50051', TASKRESULTS_TOKEN: token } = process.env;
  const client = new TaskResults(TASKRESULTS_SERVER, { token });
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  try {
    // Without a view, what a filter finds comes without arguments and return values.
    const options = { view: 'FULL', signal: interrupted.signal } as const;
    const events = client.watchEvents({ filter: { path: CHECKSUM } }, options);
    for await (const event of events) if (event.type === 'snapshot') console.log(line(event.result));
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
  } finally {
    client.close();
  }
}

function line(result: TaskResult): string {
  const { id, status, args, errors } = result;
  const outcome = status === 'SUCCESSFUL' ? result.returnValue : (errors.at(-1)?.message ?? '');
  return `${id}  ${args[0]}  ${status}  ${outcome}`.trimEnd();
}

void main();
