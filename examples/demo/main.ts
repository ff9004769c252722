import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { TaskResults } from '@taskresults/client';
import { watchDisplay } from '../../src/cli/output/watch-display';
import { checkAll } from './check';
import { type Job, planJobs } from './jobs';
import { DemoServer } from './server';
import { runWorker } from './worker';

/**
 * Starts the real server on a database of its own, lets three workers run tasks while a watcher shows how they stand, and
 * reads every result back. Ends with 0 only when each is as expected, and leaves nothing behind.
 */

const HARD_LIMIT_MS = 60_000;
const SOURCES = relative(process.cwd(), join(__dirname, '../../../src/domain'));
const WORKERS = ['worker-1', 'worker-2', 'worker-3'];

async function main(): Promise<number> {
  const interruption = interrupted();
  const folder = await mkdtemp(join(tmpdir(), 'taskresults-demo-'));
  let server: DemoServer | undefined;
  let client: TaskResults | undefined;
  try {
    server = await DemoServer.start(folder);
    console.log(`the server listens on ${server.address}\n`);
    client = new TaskResults(server.address);
    return await Promise.race([demonstrate(client), interruption]);
  } finally {
    client?.close();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function demonstrate(client: TaskResults): Promise<number> {
  const jobs = planJobs(SOURCES);
  const ids = await Promise.all(jobs.map((job) => create(client, job)));
  const queue = jobs.map(({ attemptsAllowed }, i) => ({ id: ids[i] ?? '', attemptsAllowed }));
  await Promise.all([watch(client, ids), ...WORKERS.map((name) => runWorker(client, name, queue))]);

  console.log('\nread back:\n');
  const right = await checkAll(client, ids, jobs);
  console.log(right ? '\nevery result is as expected' : '\nNOT every result is as expected');
  return right ? 0 : 1;
}

async function create(client: TaskResults, { path, file }: Job): Promise<string> {
  return (await client.register({ path, args: [file] })).id;
}

/** Shows how the results stand until all are finished. */
async function watch(client: TaskResults, ids: string[]): Promise<void> {
  const display = watchDisplay({}, ids);
  const onLost = (why: string) => display.lost(why);
  try {
    for await (const event of client.watchEvents({ ids }, { onLost })) display.show(event);
  } finally {
    display.close();
  }
}

/** Rejects when the demo takes too long or is asked to stop. */
function interrupted(): Promise<never> {
  const interruption = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${HARD_LIMIT_MS / 1_000} s`)), HARD_LIMIT_MS);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(signal)));
  });
  interruption.catch(() => {}); // also before anybody waits for it
  return interruption;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(`error: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  },
);
