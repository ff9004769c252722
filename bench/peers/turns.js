const { spawn } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const { cpus, loadavg } = require('node:os');
const { join } = require('node:path');
const { createInterface } = require('node:readline');
const { parseArgs } = require('node:util');

/**
 * Called by run.sh, which starts the servers: has every target do the same operation, one after the other, for several
 * rounds. Prints the medians and writes results.json.
 */
const RESULTS = join(__dirname, 'results.json');

const OPERATIONS = {
  enqueue: 'make the record of a new task',
  store: 'store a result',
  read: 'read a result',
  notify: 'from the write to the waiter',
};

const WAITERS = 16;

const environment = process.env;
/** What a command is started with so that it ends with its parent, where there is such a thing. */
const tied = (environment.PEERS_TIED ?? '').split(' ').filter(Boolean);
const node = (script, ...args) => [process.execPath, [join(__dirname, script), ...args]];
const python = (url) => [environment.PEERS_PYTHON, [join(__dirname, 'celery_bench.py'), url]];

/** In which steps each target is asked: so many callers for each operation. */
const TARGETS = [
  {
    name: 'taskresults on MariaDB',
    command: node('ours_bench.js', `127.0.0.1:${environment.PEERS_OURS_PORT}`),
    callers: { enqueue: [1, 64], store: [1, 16, 64], read: [1, 16, 64], notify: [WAITERS] },
  },
  {
    name: 'taskresults, --cache-size 0',
    command: node('ours_bench.js', `127.0.0.1:${environment.PEERS_UNCACHED_PORT}`),
    callers: { read: [1, 16, 64] },
  },
  {
    name: 'Celery on MariaDB',
    command: python(`db+mysql+pymysql://root@127.0.0.1:${environment.PEERS_MARIADB_PORT}/celery`),
    callers: { store: [1, 16], read: [1, 16], notify: [WAITERS] },
  },
  {
    name: 'Celery on Redis, everysec',
    command: python(`redis://127.0.0.1:${environment.PEERS_REDIS_PORT}/0`),
    callers: { store: [1, 16], read: [1, 16], notify: [WAITERS] },
  },
  {
    name: 'Celery on Redis, always',
    command: python(`redis://127.0.0.1:${environment.PEERS_REDIS_ALWAYS_PORT}/0`),
    callers: { store: [1, 16], notify: [WAITERS] },
  },
  {
    name: 'BullMQ on Redis, everysec',
    command: node('bullmq_bench.js', environment.PEERS_REDIS_PORT),
    callers: { enqueue: [1, 64], store: [1, 64], read: [1, 64], notify: [WAITERS] },
  },
  {
    name: 'BullMQ on Redis, always',
    command: node('bullmq_bench.js', environment.PEERS_REDIS_ALWAYS_PORT),
    callers: { enqueue: [1, 64], store: [1, 64], notify: [WAITERS] },
  },
];

/** One script under measurement: a line in, a line out. */
class Script {
  #lines;

  constructor({ name, command: [program, args] }) {
    this.name = name;
    const [first, ...rest] = [...tied, program, ...args];
    this.child = spawn(first, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.name}: its script ended early`);
    return value;
  }

  async ask(request) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await this.line());
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '2' },
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: Object.keys(OPERATIONS).join() },
    },
  });
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds);
  const operations = values.only.split(',');
  const unknown = operations.find((operation) => !OPERATIONS[operation]);
  if (unknown || !(seconds > 0) || !(rounds > 0)) {
    throw new Error(`usage: run.sh [--seconds 2] [--rounds 3] [--only ${Object.keys(OPERATIONS).join()}]`);
  }

  // What else the machine was doing: above 0.5 or so, the figures are not worth much.
  const [loadBefore] = loadavg();
  const rows = [];
  const scripts = [];
  try {
    for (const target of TARGETS) {
      if (!operations.some((operation) => target.callers[operation])) continue;
      const script = new Script(target);
      scripts.push(script);
      await script.line(); // it is ready
    }
    for (const operation of operations) rows.push(...(await measure(operation, scripts, seconds, rounds)));
  } finally {
    for (const { child } of scripts) child.stdin.end();
  }
  print(rows);
  console.log(`\nload average of the machine before it began: ${loadBefore.toFixed(2)}`);
  writeResults(rows, operations, { seconds, rounds, loadBefore });
}

async function measure(operation, scripts, seconds, rounds) {
  const steps = scripts.flatMap((script) => {
    const { callers } = TARGETS.find(({ name }) => name === script.name);
    return (callers[operation] ?? []).map((count) => ({ script, count, samples: [] }));
  });
  for (let round = 0; round <= rounds; round++) {
    for (const { script, count, samples } of steps) {
      const answer = await script.ask({ operation, callers: count, seconds });
      if (round > 0) samples.push(answer); // the first is to warm up
    }
  }
  return steps
    .sort((a, b) => a.count - b.count)
    .map(({ script, count, samples }) => ({ operation, callers: count, target: script.name, ...medians(samples) }));
}

function medians(samples) {
  const of = (key) => {
    const sorted = samples.map((sample) => sample[key]).sort((a, b) => a - b);
    return Number(sorted[Math.floor(sorted.length / 2)].toFixed(3));
  };
  return Object.fromEntries(Object.keys(samples[0]).map((key) => [key, of(key)]));
}

function print(rows) {
  for (const operation of new Set(rows.map((row) => row.operation))) {
    const notify = operation === 'notify';
    const columns = notify
      ? ['waiters', 'p50 ms', 'p99 ms', 'p50 ms of write and wait', 'p99 ms of write and wait']
      : ['callers', 'per second', 'p50 ms', 'p99 ms'];
    console.log(`\n${OPERATIONS[operation]}\n`);
    console.log(`| | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`);
    for (const row of rows.filter((each) => each.operation === operation)) {
      const figures = notify
        ? [row.p50Ms, row.p99Ms, row.callToToldP50Ms, row.callToToldP99Ms].map((ms) => ms.toFixed(2))
        : [Math.round(row.perSecond).toLocaleString('en-US'), row.p50Ms.toFixed(2), row.p99Ms.toFixed(2)];
      console.log(`| ${[row.target, row.callers, ...figures].join(' | ')} |`);
    }
  }
}

/** Rows of operations that this run left out stay as they were. */
function writeResults(rows, operations, options) {
  let earlier = { rows: [], runs: {} };
  try {
    earlier = JSON.parse(readFileSync(RESULTS, 'utf8'));
  } catch {}
  const order = Object.keys(OPERATIONS);
  const all = [...earlier.rows.filter((row) => !operations.includes(row.operation)), ...rows];
  all.sort((a, b) => order.indexOf(a.operation) - order.indexOf(b.operation));
  const runs = { ...earlier.runs, ...Object.fromEntries(operations.map((operation) => [operation, options])) };
  const machine = `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`;
  const versions = environment.PEERS_VERSIONS.split('\n').filter(Boolean);
  writeFileSync(RESULTS, `${JSON.stringify({ machine, versions, runs, rows: all }, null, 2)}\n`);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
