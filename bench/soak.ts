import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrivateMysql } from '../test/support/private-mysql';
import { load, median } from './load';
import { BenchClient, type Data, emptyData, lifeOfOne, makeResults } from './operations';
import { ServerProcess } from './processes';

/**
 * `npm run bench:soak [-- --minutes 10 --engine mysql]`: results are created, run, read and finished by 64 callers and by a bulk
 * stream without a pause, and removed by retention a minute later. Prints the memory of the server every ten seconds, and whether it
 * grew: the median of the last third over that of the second.
 */
const CALLERS = 64;
const SAMPLE_SECONDS = 10;
const DIST = join(__dirname, '..');

async function main(): Promise<void> {
  const option = (name: string, otherwise: string) => {
    const at = process.argv.indexOf(`--${name}`);
    return at === -1 ? otherwise : (process.argv[at + 1] ?? otherwise);
  };
  const engine = option('engine', 'mysql');
  const folder = mkdtempSync(join(tmpdir(), 'taskresults-soak-'));
  const mysql = engine === 'mysql' ? await PrivateMysql.start() : null;
  try {
    const url = mysql ? await mysql.createDatabase('soak') : `sqlite:${join(folder, 'soak.sqlite')}`;
    await soak(engine, url, Number(option('minutes', '10')) * 60);
  } finally {
    await mysql?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function soak(engine: string, databaseUrl: string, seconds: number): Promise<void> {
  const flags = ['--port', '0', '--migrate', '--log-level', 'warn', '--database-url', databaseUrl];
  const kept = ['--retention', '1m', '--change-log-retention', '1m'];
  const server = await ServerProcess.start(join(DIST, 'main.js'), ['serve', ...flags, ...kept]);
  const client = new BenchClient(server.address);
  const data = emptyData(300);
  const memory: number[] = [];
  try {
    for (let elapsed = 0; elapsed < seconds; elapsed += SAMPLE_SECONDS) {
      const { perSecond } = await round(client, data);
      memory.push(server.residentMb());
      console.log(`${elapsed + SAMPLE_SECONDS} s  ${perSecond.toFixed(0)} lives/s  ${memory.at(-1)?.toFixed(0)} MB`);
    }
  } finally {
    client.close();
    await server.stop();
  }
  const third = Math.floor(memory.length / 3);
  const growth = median(memory.slice(-third)) / median(memory.slice(third, 2 * third));
  const most = Math.max(...memory);
  console.log(`${engine}: most ${most.toFixed(0)} MB, last third over second third ${growth.toFixed(2)}`);
  const report = { engine, seconds, memory, most, growth };
  writeFileSync(join(DIST, `../bench/soak-${engine}-results.json`), `${JSON.stringify(report, null, 2)}\n`);
}

/** Ten seconds of single calls, beside one stream of transitions. */
async function round(client: BenchClient, data: Data): Promise<{ perSecond: number }> {
  const bulk = makeResults(client, data, 2_000, 'finished');
  const measured = await load(CALLERS, SAMPLE_SECONDS, () => lifeOfOne(client, data));
  await bulk;
  return measured;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
