import { TaskResults } from '@taskresults/client';
import { CHECKSUM, checksum } from './checksum';

/** Runs a task for each file that is named on the command line, and reports what came of it. */
async function main(files: readonly string[]): Promise<void> {
  const { TASKRESULTS_SERVER = '127.0.0.1:50051', TASKRESULTS_TOKEN: token } = process.env;
  const client = new TaskResults(TASKRESULTS_SERVER, { token });
  const workerId = `worker-${process.pid}`;
  try {
    for (const file of files) {
      const run = client.run({ path: CHECKSUM, args: [file] }, workerId, ({ result, signal }) =>
        checksum(result.args[0] as string, signal),
      );
      // It has been reported; the other files are still to be done.
      await run.catch((error: Error) => console.error(error.message));
    }
  } finally {
    client.close();
  }
}

void main(process.argv.slice(2));
