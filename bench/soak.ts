import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PrivateMysql } from '../test/support/private-mysql';
import { LoadGenerator } from './load-generator';
import { makeResults, OPERATIONS, type Target } from './operations';
import { MAIN, ServerProcess } from './processes';
import { median } from './statistics';

/**
 * `npm run bench:soak [-- --minutes 10 --engine mysql]`: every operation of the benchmark, a second each, round after
 * round. What is finished is removed by retention a minute later. Prints the memory of the server after each round, and
 * whether it grew: the median of the last third over that of the second.
 */
const SECONDS_EACH = 1;
const RESULTS_READ = 2_000;
const BYTES = 300;
const DIST = join(__dirname, '..');

async function main(): Promise<void> {
  LoadGenerator.build();
  const { engine, minutes } = parseArgs({
    options: { engine: { type: 'string', default: 'mysql' }, minutes: { type: 'string', default: '10' } },
  }).values;
  const folder = mkdtempSync(join(tmpdir(), 'taskresults-soak-'));
  const mysql = engine === 'mysql' ? await PrivateMysql.start() : null;
  try {
    const url = mysql ? await mysql.createDatabase('soak') : `sqlite:${join(folder, 'soak.sqlite')}`;
    await soak(engine, url, Number(minutes) * 60);
  } finally {
    await mysql?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function soak(engine: string, databaseUrl: string, seconds: number): Promise<void> {
  const kept = ['--retention', '1m', '--change-log-retention', '1m'];
  const server = await ServerProcess.serve(MAIN, ['--migrate', '--database-url', databaseUrl, ...kept]);
  const load = new LoadGenerator(server.address);
  const memory: number[] = [];
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  try {
    while (elapsed() < seconds) {
      const calls = await round({ name: engine, load, bare: false, bytes: BYTES, ready: [], finished: [] });
      memory.push(server.residentMb());
      console.log(`${elapsed().toFixed(0)} s  ${calls} calls  ${memory.at(-1)?.toFixed(0)} MB`);
    }
  } finally {
    await load.close();
    await server.stop();
  }
  const third = Math.floor(memory.length / 3);
  const growth = median(memory.slice(-third)) / median(memory.slice(third, 2 * third));
  const most = Math.max(...memory);
  console.log(`${engine}: most ${most.toFixed(0)} MB, last third over second third ${growth.toFixed(2)}`);
  const report = { engine, seconds, memory, most, growth };
  writeFileSync(join(DIST, `../bench/soak-${engine}-results.json`), `${JSON.stringify(report, null, 2)}\n`);
}

/**
 * Every operation once, on results made for it: those of the round before may have been removed. Returns the number of
 * calls.
 */
async function round(empty: Target): Promise<number> {
  const ready = await makeResults(empty, RESULTS_READ, 'ready');
  const finished = await makeResults(empty, RESULTS_READ, 'finished');
  let calls = 0;
  for (const operation of OPERATIONS) {
    const run = await operation.prepare({ ...empty, ready, finished }, SECONDS_EACH);
    calls += (await run()).calls;
  }
  return calls;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
