import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { PrivateMysql } from '../test/support/private-mysql';
import { LoadGenerator } from './load-generator';
import { makeResults, OPERATIONS, type Operation, type Target } from './operations';
import { preloadMysql, preloadSqlite } from './preload';
import { MAIN, ServerProcess } from './processes';
import { median } from './statistics';

/**
 * `npm run bench [-- --seconds 2 --rounds 3 --bytes 300,10240,102400 --only Create --preload 1000000 --against
 * ../before/dist/main.js]`: every operation on the service over MariaDB and over SQLite, and the same call on a bare
 * grpc-js server, one after the other within one run; with --against, also on another build of the service. Prints a
 * table of ratios and writes bench/results.json.
 */
interface Options {
  seconds: number;
  rounds: number;
  bytes: number[];
  only: string;
  /** Results that are in the store beforehand. */
  preload: number;
  /** Another build of the service, its `dist/main.js`, to compare with. */
  against: string | null;
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
  /** Ratio of the throughput to that of the echo in the same run. */
  ratio: number;
  /** Ratio of the median time to the echo's. */
  timesP50: number;
  timesP99: number;
  /** CPU of the server for each second of the run, and for one call, in microseconds. */
  cpu: number;
  cpuMicros: number;
  /** Ratio of the CPU for a call to the echo's in the same round. */
  timesCpu: number;
  /** The largest resident memory of the server, preparations included. */
  peakMb: number;
}

const DIST = join(__dirname, '..');

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  LoadGenerator.build();
  console.log(ABOUT_LOAD);
  const loadBefore = loadavg()[0];
  const folder = mkdtempSync(join(tmpdir(), 'taskresults-bench-'));
  const mysql = await PrivateMysql.start();
  const rows: Row[] = [];
  try {
    for (const bytes of options.bytes) {
      const targets = [await startEcho(bytes)];
      for (const [build, main] of builds(options)) {
        const databaseUrls = {
          mysql: await mysql.createDatabase(`bench_${bytes}${build}`),
          sqlite: `sqlite:${join(folder, `${bytes}${build}.sqlite`)}`,
        };
        for (const [engine, url] of Object.entries(databaseUrls)) {
          if (options.preload > 0) await fill(main, url, options.preload);
          targets.push(await startService(`${engine}${build}`, main, url, bytes));
        }
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
  // Above 2 on two cores, something else was at work before the benchmark began.
  const load = { before: loadBefore, after: loadavg()[0] };
  console.log(
    `load of the machine (processes that ran or waited, over a minute): ${load.before} before, ${load.after} after`,
  );
  writeFileSync(join(DIST, '../bench/results.json'), `${JSON.stringify({ options, load, rows }, null, 2)}\n`);
}

/** What is measured, by what is appended to the names of its targets. */
function builds({ against }: Options): [name: string, main: string][] {
  const ours = MAIN;
  return against
    ? [
        ['', ours],
        ['_old', resolve(against)],
      ]
    : [['', ours]];
}

async function fill(main: string, url: string, results: number): Promise<void> {
  execFileSync(process.execPath, [main, 'migrate', '--database-url', url], { stdio: 'ignore' });
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

async function startService(name: string, main: string, databaseUrl: string, bytes: number): Promise<MeasuredTarget> {
  const server = await ServerProcess.serve(main, ['--migrate', '--database-url', databaseUrl]);
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
      const common = { operation: called, isOpenLoop, bytes, target: name, peakMb: server.peakMb() };
      const measured = { perSecond, p50Ms, p99Ms, cpu, cpuMicros: (1_000_000 * cpu) / perSecond };
      samples.get(name)?.push({ ...common, ...measured, ratio: 0, timesP50: 0, timesP99: 0, timesCpu: 0 });
    }
  }
  // Against the echo of the same round: a machine that gets slower meanwhile does so for both.
  const [echo = []] = samples.values();
  for (const ofTarget of samples.values()) {
    ofTarget.forEach((row, round) => {
      row.ratio = row.perSecond / (echo[round] as Row).perSecond;
      row.timesP50 = row.p50Ms / (echo[round] as Row).p50Ms;
      row.timesP99 = row.p99Ms / (echo[round] as Row).p99Ms;
      row.timesCpu = row.cpuMicros / (echo[round] as Row).cpuMicros;
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

const MEASURED = [
  'perSecond',
  'p50Ms',
  'p99Ms',
  'ratio',
  'timesP50',
  'timesP99',
  'cpu',
  'cpuMicros',
  'timesCpu',
] as const;

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
  const { operation, bytes, target, perSecond, isOpenLoop, p50Ms, p99Ms, ratio, timesP50, timesP99 } = row;
  const cells = [
    operation.padEnd(36),
    String(bytes).padStart(7),
    target.padEnd(10),
    `${perSecond.toFixed(0).padStart(7)}/s`,
    isOpenLoop ? 'open loop ' : `ratio ${ratio.toFixed(2)}`,
    Number.isNaN(p50Ms)
      ? 'one stream'
      : `p50 ${p50Ms.toFixed(2)} ms (×${timesP50.toFixed(2)})  p99 ${p99Ms.toFixed(2)} ms (×${timesP99.toFixed(2)})`,
    `cpu ${row.cpuMicros.toFixed(0)} µs (×${row.timesCpu.toFixed(2)}), ${row.cpu.toFixed(2)} s/s`,
    `${row.peakMb.toFixed(0)} MB`,
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
      against: { type: 'string' },
    },
  });
  return {
    seconds: Number(values.seconds),
    rounds: Number(values.rounds),
    bytes: values.bytes.split(',').map(Number),
    only: values.only,
    preload: Number(values.preload),
    against: values.against ?? null,
  };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
