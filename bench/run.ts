import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PrivateMysql } from '../test/support/private-mysql';
import { LoadGenerator } from './load-generator';
import { makeResults, OPERATIONS, type Operation, type Target } from './operations';
import { preloadMysql, preloadSqlite } from './preload';
import { ServerProcess } from './processes';
import { median } from './statistics';

/**
 * `npm run bench [-- --seconds 2 --rounds 3 --bytes 300,10240,102400 --only Create --preload 1000000]`: every operation
 * on the service over MariaDB and over SQLite, and the same call on a bare grpc-js server, in turns within one run.
 * Prints a table of ratios and writes bench/results.json.
 */
interface Options {
  seconds: number;
  rounds: number;
  bytes: number[];
  only: string;
  /** Results that are in the store beforehand. */
  preload: number;
}

interface MeasuredTarget extends Target {
  server: ServerProcess;
}

interface Row {
  operation: string;
  bytes: number;
  target: string;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Calls came at a fixed rate, and times are from the moment at which a call was due; otherwise from its sending. */
  isOpenLoop: boolean;
  /** Of throughput, to the echo of the same run. */
  ratio: number;
  /** Of the median time, to the echo's. */
  timesP50: number;
  timesP99: number;
  /** CPU seconds of the server for each second of the run. */
  cpu: number;
  /** The most that the server had resident, preparations included. */
  peakMb: number;
}

const DIST = join(__dirname, '..');

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  LoadGenerator.build();
  console.log(ABOUT_LOAD);
  const folder = mkdtempSync(join(tmpdir(), 'taskresults-bench-'));
  const mysql = await PrivateMysql.start();
  const rows: Row[] = [];
  try {
    for (const bytes of options.bytes) {
      const databaseUrls = {
        mysql: await mysql.createDatabase(`bench_${bytes}`),
        sqlite: `sqlite:${join(folder, `${bytes}.sqlite`)}`,
      };
      if (options.preload > 0) {
        for (const url of Object.values(databaseUrls)) await fill(url, options.preload);
      }
      const targets = [await startEcho(bytes)];
      for (const [name, url] of Object.entries(databaseUrls)) {
        targets.push(await startService(name, url, bytes));
      }
      try {
        for (const operation of OPERATIONS.filter(({ name }) => name.includes(options.only))) {
          rows.push(...(await measure(operation, targets, options)));
        }
      } finally {
        for (const { load, server } of targets) {
          await load.close();
          await server.stop();
        }
      }
    }
  } finally {
    await mysql.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  writeFileSync(join(DIST, '../bench/results.json'), `${JSON.stringify({ options, rows }, null, 2)}\n`);
}

async function fill(url: string, results: number): Promise<void> {
  execFileSync(process.execPath, [join(DIST, 'main.js'), 'migrate', '--database-url', url], { stdio: 'ignore' });
  const began = performance.now();
  if (url.startsWith('sqlite:')) await preloadSqlite(url.slice('sqlite:'.length), results);
  else await preloadMysql(url, results);
  console.log(`${results} results in ${url.split(':')[0]} after ${((performance.now() - began) / 1_000).toFixed(0)} s`);
}

async function startEcho(bytes: number): Promise<MeasuredTarget> {
  const server = await ServerProcess.start(join(__dirname, 'echo-server.js'), [String(bytes)]);
  const target = { name: 'echo', server, load: new LoadGenerator(server.address), bare: true, bytes };
  return addResults({ ...target, ready: [], finished: [] });
}

async function startService(name: string, databaseUrl: string, bytes: number): Promise<MeasuredTarget> {
  const server = await ServerProcess.serve(['--migrate', '--database-url', databaseUrl]);
  const target = { name, server, load: new LoadGenerator(server.address), bare: false, bytes };
  return addResults({ ...target, ready: [], finished: [] });
}

async function addResults(target: MeasuredTarget): Promise<MeasuredTarget> {
  const count = target.bytes > 50_000 ? 1_000 : 10_000;
  const ready = await makeResults(target, count, 'ready');
  const finished = await makeResults(target, count, 'finished');
  return { ...target, ready, finished };
}

async function measure(operation: Operation, targets: readonly MeasuredTarget[], options: Options): Promise<Row[]> {
  const samples = new Map(targets.map(({ name }) => [name, [] as Row[]]));
  for (const { server } of targets) server.forgetPeak();
  for (let round = 0; round < options.rounds + 1; round++) {
    for (const target of targets) {
      const { server, name, bytes } = target;
      // What cannot be asked of the bare server is compared with its Get.
      const asked = target.bare && operation.baseline ? baselineOf(operation) : operation;
      const run = await asked.prepare(target, options.seconds);
      const cpuBefore = server.cpuSeconds();
      const { calls, seconds, p50Ms, p99Ms } = await run();
      const cpu = (server.cpuSeconds() - cpuBefore) / seconds;
      if (round === 0) continue; // to warm up
      const perSecond = (calls * asked.unit(bytes)) / seconds;
      const { name: called, isOpenLoop } = operation;
      const common = { operation: called, isOpenLoop, bytes, target: name, ratio: 0, timesP50: 0, timesP99: 0 };
      samples.get(name)?.push({ ...common, perSecond, p50Ms, p99Ms, cpu, peakMb: server.peakMb() });
    }
  }
  // Against the echo of the same round: a machine that gets slower meanwhile does so for both.
  const [echo = []] = samples.values();
  for (const ofTarget of samples.values()) {
    ofTarget.forEach((row, round) => {
      row.ratio = row.perSecond / (echo[round] as Row).perSecond;
      row.timesP50 = row.p50Ms / (echo[round] as Row).p50Ms;
      row.timesP99 = row.p99Ms / (echo[round] as Row).p99Ms;
    });
  }
  const rows = [...samples.values()].map(medians);
  for (const row of rows) print(row);
  return rows;
}

function baselineOf(operation: Operation): Operation {
  const baseline = OPERATIONS.find(({ name }) => name === 'Get, from the database');
  if (!baseline) throw new Error(`${operation.name} has no baseline`);
  return baseline;
}

const MEASURED = ['perSecond', 'p50Ms', 'p99Ms', 'ratio', 'timesP50', 'timesP99', 'cpu'] as const;

function medians(samples: readonly Row[]): Row {
  const row = { ...(samples[0] as Row) };
  for (const key of MEASURED) row[key] = median(samples.map((sample) => sample[key]));
  row.peakMb = Math.max(...samples.map((sample) => sample.peakMb));
  return row;
}

const ABOUT_LOAD = `Load is a closed loop: each caller sends its next call once the last one is answered. So a slow answer holds back calls
that would have had to wait, and the p99 of many callers understates waiting. Rows at a fixed rate are an open loop: calls
begin at that rate, and times count from the moment at which a call was due.
`;

function print(row: Row): void {
  const { operation, bytes, target, perSecond, isOpenLoop, p50Ms, p99Ms, ratio, timesP50, timesP99, cpu, peakMb } = row;
  const cells = [
    operation.padEnd(36),
    String(bytes).padStart(7),
    target.padEnd(7),
    `${perSecond.toFixed(0).padStart(7)}/s`,
    isOpenLoop ? 'open loop ' : `ratio ${ratio.toFixed(2)}`,
    Number.isNaN(p50Ms)
      ? 'one stream'
      : `p50 ${p50Ms.toFixed(2)} ms (×${timesP50.toFixed(2)})  p99 ${p99Ms.toFixed(2)} ms (×${timesP99.toFixed(2)})`,
    `cpu ${cpu.toFixed(2)}`,
    `${peakMb.toFixed(0)} MB`,
  ];
  console.log(cells.join('  '));
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      bytes: { type: 'string', default: '300,10240,102400' },
      only: { type: 'string', default: '' },
      preload: { type: 'string', default: '0' },
    },
  });
  return {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    bytes: values.bytes.split(',').map(Number),
    only: values.only,
    preload: Number(values.preload),
  };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
