import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  FailTaskResultRequest,
  FinishAttemptRequest,
  StartAttemptRequest,
  type TaskResultState,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResult, type TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  WatchTaskResultsRequest,
  type WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { PrivateMysql } from '../test/support/private-mysql';
import { until } from '../test/support/until';
import { RUNNING, SUCCESSFUL } from './answers';
import { BenchClient } from './client';
import { LoadGenerator } from './load-generator';
import { makeResults, type Target } from './operations';
import { MAIN, ServerProcess } from './processes';
import { median, percentiles } from './statistics';

/**
 * `npm run bench:watch`: what 10,000 watchers cost, how long one change needs to reach them all, compared with a bare
 * grpc-js server that writes the same bytes, and how long an event needs from the writer's OK, and from the moment at
 * which the change was due, in one process and across two. Changes come at a fixed rate, however long they take: an
 * open loop. Prints a table and writes bench/watch-results.json.
 */
const DIST = join(__dirname, '..');
const WATCHERS = 10_000;
const CONNECTIONS = 20;
const FAN_OUTS = 7;
const WATCHED_IDS = 1_000;
const CHANGES_PER_SECOND = 200;
const BYTES = 300;

const figures: Record<string, number> = {};

function note(name: string, value: number): void {
  figures[name] = Math.round(value * 100) / 100;
  console.log(`${name.padEnd(64)} ${figures[name]}`);
}

async function main(): Promise<void> {
  LoadGenerator.build();
  const mysql = await PrivateMysql.start();
  const url = await mysql.createDatabase('bench_watch');
  const flags = ['--migrate', '--database-url', url];
  const servers: ServerProcess[] = [];
  try {
    servers.push(await ServerProcess.serve(MAIN, flags));
    servers.push(await ServerProcess.serve(MAIN, flags));
    servers.push(await ServerProcess.start(join(__dirname, 'echo-server.js'), [String(BYTES)]));
    const [service, replica, echo] = servers as [ServerProcess, ServerProcess, ServerProcess];
    const writer = new BenchClient(service.address);
    const load = new LoadGenerator(service.address);
    const target: Target = { name: 'mysql', load, bare: false, bytes: BYTES, ready: [], finished: [] };
    for (const [what, server] of [
      ['same process', service],
      ['another replica', replica],
    ] as const) {
      await latency(what, writer, server, await makeResults(target, WATCHED_IDS, 'ready'));
    }
    const ids = await makeResults(target, WATCHERS, 'ready');
    await memory('10,000 watches of one id', service, ids, 1);
    await memory('100 watches of 100 ids', service, ids, 100);
    await fanOut(writer, service, echo, ids[0] as string);
    writer.close();
    await load.close();
  } finally {
    for (const server of servers) await server.stop();
    await mysql.stop();
  }
  writeFileSync(join(DIST, '../bench/watch-results.json'), `${JSON.stringify(figures, null, 2)}\n`);
}

interface Answer {
  state?: TaskResultState;
}

interface Seen {
  at: number;
  status: TaskResultStatus;
}

function seenNow({ status }: { status: TaskResultStatus }): Seen {
  return { at: performance.now(), status };
}

function keyOf({ id, revision }: { id: string; revision: bigint }): string {
  return `${id}@${revision}`;
}

/** Many watches over a few connections. */
class Watchers {
  readonly #clients: BenchClient[];
  readonly #streams: { cancel(): void }[] = [];
  snapshots = 0;
  /** Size of the newest snapshot on the wire. */
  lastBytes = 0;

  constructor(
    address: string,
    connections: number,
    private readonly onSnapshot: (result: TaskResult) => void = () => {},
  ) {
    this.#clients = Array.from({ length: connections }, () => new BenchClient(address));
  }

  open(ids: readonly string[]): void {
    const client = this.#clients[this.#streams.length % this.#clients.length] as BenchClient;
    const taskResults = ids.map((id) => ({ id }));
    const stream = client.reads.watchTaskResults(
      WatchTaskResultsRequest.fromPartial({
        target: { $case: 'ids', value: { taskResults } },
        heartbeatInterval: { seconds: 60n, nanos: 0 },
      }),
    );
    stream.on('data', ({ event }: WatchTaskResultsResponse) => {
      if (event?.$case !== 'snapshot') return;
      this.snapshots++;
      if (this.snapshots % WATCHERS === 0) this.lastBytes = TaskResult.encode(event.value).finish().length;
      this.onSnapshot(event.value);
    });
    stream.on('error', () => {});
    this.#streams.push(stream);
  }

  async saw(snapshots: number): Promise<void> {
    await until(() => this.snapshots >= snapshots, `${snapshots} snapshots, and not ${this.snapshots}`, 60_000);
  }

  /** Connections are closed, as many quick cancels would end them anyway. */
  close(): void {
    for (const client of this.#clients) client.close();
    for (const stream of this.#streams) stream.cancel();
  }
}

async function memory(what: string, server: ServerProcess, ids: readonly string[], idsOfOne: number): Promise<void> {
  const before = server.residentMb();
  const watchers = new Watchers(server.address, CONNECTIONS);
  for (let i = 0; i < ids.length; i += idsOfOne) watchers.open(ids.slice(i, i + idsOfOne));
  await watchers.saw(ids.length);
  await delay(2_000);
  note(`${what}: resident KB for each watched id`, ((server.residentMb() - before) * 1024) / ids.length);
  const cpu = server.cpuSeconds();
  await delay(5_000);
  note(`${what}: CPU of the server at rest, %`, ((server.cpuSeconds() - cpu) / 5) * 100);
  watchers.close();
  await delay(2_000);
}

/** One change, seen by all, on the service and on the bare server alternately. */
async function fanOut(writer: BenchClient, service: ServerProcess, echo: ServerProcess, id: string): Promise<void> {
  const echoWriter = new BenchClient(echo.address);
  let bytes = BYTES;
  const targets = [
    { server: service, change: () => startAgain(writer, id) },
    {
      server: echo,
      // As many bytes as the service has just sent to each of its streams: its snapshots grow with every attempt.
      change: () => {
        const request = FailTaskResultRequest.fromPartial({ id, error: { message: String(bytes) } });
        return call((done) => echoWriter.writes.failTaskResult(request, done));
      },
    },
  ];
  const opened = [];
  for (const target of targets) {
    const watchers = new Watchers(target.server.address, CONNECTIONS);
    for (let i = 0; i < WATCHERS; i++) watchers.open([id]);
    await watchers.saw(WATCHERS);
    opened.push({ ...target, watchers, wall: [] as number[], cpu: [] as number[] });
  }
  for (let round = 0; round < FAN_OUTS + 1; round++) {
    for (const { server, change, watchers, wall, cpu } of opened) {
      const expected = watchers.snapshots + WATCHERS;
      const cpuBefore = server.cpuSeconds();
      const began = performance.now();
      await change();
      await watchers.saw(expected);
      if (server === service) bytes = watchers.lastBytes;
      if (round === 0) continue; // to warm up
      wall.push(performance.now() - began);
      await delay(200);
      cpu.push((server.cpuSeconds() - cpuBefore) * 1_000);
    }
  }
  const [ours, bare] = opened as [(typeof opened)[0], (typeof opened)[0]];
  note('one change to 10,000 streams, bare server, ms', median(bare.wall));
  note('one change to 10,000 streams, ms', median(ours.wall));
  note('one change to 10,000 streams: ratio of time', median(ours.wall) / median(bare.wall));
  note('one change to 10,000 streams: ratio of CPU of the server', median(ours.cpu) / median(bare.cpu));
  for (const { watchers } of opened) watchers.close();
  echoWriter.close();
}

async function latency(
  what: string,
  writer: BenchClient,
  server: ServerProcess,
  ids: readonly string[],
): Promise<void> {
  // By id and revision: when the change was due, when it was answered and when its event came, and with what.
  const dueAt = new Map<string, number>();
  const answers = new Map<string, Seen>();
  const events = new Map<string, Seen>();
  const watchers = new Watchers(server.address, 10, (result) => events.set(keyOf(result), seenNow(result)));
  for (let i = 0; i < ids.length; i += 10) watchers.open(ids.slice(i, i + 10));
  await watchers.saw(ids.length);
  const began = performance.now();
  const pending: Promise<void>[] = [];
  const answered = (due: number) => (state: TaskResultState) => {
    answers.set(keyOf(state), seenNow(state));
    dueAt.set(keyOf(state), due);
  };
  // Every task is started and, half a second later, finished.
  const lag = CHANGES_PER_SECOND / 4;
  for (let n = 0; n < ids.length + lag; n++) {
    const due = began + (n * 2_000) / CHANGES_PER_SECOND;
    while (performance.now() < due) await delay(1);
    const [started, finished] = [ids[n], ids[n - lag]];
    if (started) pending.push(start(writer, started).then(answered(due)));
    if (finished) pending.push(succeed(writer, finished).then(answered(due)));
  }
  await Promise.all(pending);
  // A revision that was overtaken may be skipped; at this pace none is.
  await until(() => [...answers.keys()].every((key) => events.has(key)), 'all events', 10_000).catch(() => {});
  const keys = [...answers.keys()].filter((key) => events.has(key));
  for (const key of keys) {
    const [said, shown] = [answers.get(key)?.status, events.get(key)?.status];
    if (said !== shown) throw new Error(`${key} was answered with status ${said}, and its event shows ${shown}`);
  }
  const took = (since: (key: string) => number | undefined) =>
    percentiles(keys.map((key) => Math.max(0, (events.get(key)?.at ?? 0) - (since(key) ?? 0))));
  const fromOk = took((key) => answers.get(key)?.at);
  note(`OK to event, ${what}: p50 ms`, fromOk.p50Ms);
  note(`OK to event, ${what}: p99 ms`, fromOk.p99Ms);
  const fromDue = took((key) => dueAt.get(key));
  note(`change due to event, ${what}: p50 ms`, fromDue.p50Ms);
  note(`change due to event, ${what}: p99 ms`, fromDue.p99Ms);
  note(`OK to event, ${what}: events skipped`, answers.size - keys.length);
  watchers.close();
}

/** A change of a result that may be made any number of times. */
function startAgain(writer: BenchClient, id: string): Promise<TaskResultState> {
  return start(writer, id, { workerId: `w${Math.random()}`, force: true });
}

async function start(
  writer: BenchClient,
  id: string,
  how: Partial<StartAttemptRequest> = {},
): Promise<TaskResultState> {
  const request = StartAttemptRequest.fromPartial({ id, workerId: 'w', ...how });
  return stateIn(await call<Answer>((done) => writer.writes.startAttempt(request, done)), id, RUNNING);
}

async function succeed(writer: BenchClient, id: string): Promise<TaskResultState> {
  const outcome = { $case: 'succeeded' as const, value: { returnValueJson: '{"ok":true}' } };
  const request = FinishAttemptRequest.fromPartial({ id, attempt: 1, outcome });
  return stateIn(await call<Answer>((done) => writer.writes.finishAttempt(request, done)), id, SUCCESSFUL);
}

function stateIn({ state }: Answer, id: string, status: TaskResultStatus): TaskResultState {
  if (state?.id === id && state.status === status) return state;
  throw new Error(`a wrong answer for ${id}: ${state?.id} has status ${state?.status}`);
}

function call<Response>(
  start: (done: (error: Error | null, response: Response) => void) => unknown,
): Promise<Response> {
  return new Promise((resolve, reject) => start((error, response) => (error ? reject(error) : resolve(response))));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
