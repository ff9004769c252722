import { once } from 'node:events';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import {
  FinishAttemptRequest,
  type RecordTransitionsRequest,
  StartAttemptRequest,
  TaskLifecycleServiceClient,
} from '../src/gen/taskresults/v1/task_lifecycle_service';
import {
  BatchGetTaskResultsRequest,
  GetTaskResultRequest,
  RefreshTaskResultRequest,
  TaskResultServiceClient,
} from '../src/gen/taskresults/v1/task_result_service';
import { load, type Measured } from './load';
import { createRequest, RETURN_VALUE } from './payloads';

/** One client, as a service under load has it: one channel for everything. */
export class BenchClient {
  readonly reads: TaskResultServiceClient;
  readonly writes: TaskLifecycleServiceClient;

  constructor(address: string) {
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1 };
    this.reads = new TaskResultServiceClient(address, credentials.createInsecure(), options);
    this.writes = new TaskLifecycleServiceClient(address, credentials.createInsecure(), options);
  }

  close(): void {
    this.reads.close();
    this.writes.close();
  }
}

type Done = (error: ServiceError | null, response: unknown) => void;

function call(start: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => start((error, response) => (error ? reject(error) : resolve(response))));
}

/** What the operations of one target work on. */
export interface Data {
  /** READY results. */
  ready: string[];
  /** SUCCESSFUL results, at revision 3. */
  finished: string[];
  /** Bytes of a result. */
  bytes: number;
  /** For ids of new results. */
  prefix: string;
  next: number;
}

export function emptyData(bytes: number): Data {
  return { ready: [], finished: [], bytes, prefix: '01890000-0000-7000-8000', next: 0 };
}

export interface Operation {
  name: string;
  callers: number;
  /** What one call of the operation counts for. */
  unit: number;
  /** A call of the echo server that the ratio is taken against, when it is not the operation itself. */
  baseline?: 'Get';
  run(client: BenchClient, data: Data, seconds: number, real: boolean): Promise<Measured>;
}

const unary = (
  name: string,
  callers: number,
  start: (client: BenchClient, data: Data, n: number, done: Done) => unknown,
  prepare?: (client: BenchClient, data: Data, seconds: number) => Promise<void>,
): Operation => ({
  name,
  callers,
  unit: 1,
  async run(client, data, seconds, real) {
    if (real) await prepare?.(client, data, seconds);
    return load(callers, seconds, (n) => call((done) => start(client, data, n, done)));
  },
});

const pick = (ids: readonly string[], n: number) => ids[(n * 7919) % ids.length] as string;

const get = (client: BenchClient, id: string, done: Done) =>
  client.reads.getTaskResult(GetTaskResultRequest.fromPartial({ id }), done as never);

const create = (client: BenchClient, data: Data, done: Done) =>
  client.writes.createTaskResult(createRequest(`${data.prefix}-${data.next++}`, data.bytes), done as never);

/** Results made for an operation that uses each of them up: about as many as it can get through in a second. */
const MOST_CALLS = 9_000;
const MOST_BYTES = 300 * 1024 * 1024;
const callsPerSecond = (bytes: number) => Math.min(MOST_CALLS, Math.floor(MOST_BYTES / bytes));
let fresh: string[] = [];

export async function makeResults(
  client: BenchClient,
  data: Data,
  count: number,
  state: 'ready' | 'running' | 'finished',
) {
  const ids = Array.from({ length: count }, () => `${data.prefix}-${data.next++}`);
  await transitions(client, ids.length, (n) => ({
    $case: 'create',
    value: createRequest(ids[n] as string, data.bytes),
  }));
  if (state === 'ready') return ids;
  await transitions(client, ids.length, (n) => ({ $case: 'start', value: startRequest(ids[n] as string) }));
  if (state === 'running') return ids;
  await transitions(client, ids.length, (n) => ({ $case: 'finish', value: finishRequest(ids[n] as string) }));
  return ids;
}

const startRequest = (id: string) => StartAttemptRequest.fromPartial({ id, workerId: 'worker-1' });
const finishRequest = (id: string) =>
  FinishAttemptRequest.fromPartial({
    id,
    attempt: 1,
    outcome: { $case: 'succeeded', value: { returnValueJson: RETURN_VALUE } },
  });

/** Everything that may happen to one result, in single calls. */
export async function lifeOfOne(client: BenchClient, data: Data): Promise<void> {
  const id = `${data.prefix}-${data.next++}`;
  await call((done) => client.writes.createTaskResult(createRequest(id, data.bytes), done as never));
  await call((done) => get(client, id, done));
  await call((done) => client.writes.startAttempt(startRequest(id), done as never));
  await call((done) => client.writes.finishAttempt(finishRequest(id), done as never));
  const request = RefreshTaskResultRequest.fromPartial({ id, knownRevision: 1n });
  await call((done) => client.reads.refreshTaskResult(request, done as never));
  await call((done) => get(client, id, done));
}

/** Sends `count` transitions over one stream and waits for all answers. Throws when one is refused. */
async function transitions(
  client: BenchClient,
  count: number,
  transition: (n: number) => NonNullable<RecordTransitionsRequest['transition']>,
): Promise<void> {
  const stream = client.writes.recordTransitions();
  let answered = 0;
  const ended = new Promise<void>((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ outcome }) => {
      if (outcome?.$case === 'error') reject(new Error(outcome.value.message));
      answered++;
    });
    stream.on('end', () => (answered === count ? resolve() : reject(new Error(`${answered} of ${count} answered`))));
  });
  for (let n = 0; n < count; n++) {
    if (!stream.write({ number: BigInt(n), transition: transition(n) }))
      await Promise.race([once(stream, 'drain'), ended]);
  }
  stream.end();
  await ended;
}

export const OPERATIONS: readonly Operation[] = [
  unary('Get, from the database', 64, (client, data, n, done) => get(client, pick(data.ready, n), done)),
  unary('Get, finished', 64, (client, data, n, done) => get(client, pick(data.finished, n % 1_000), done)),
  unary('Refresh, unchanged', 64, (client, data, n, done) => {
    const request = RefreshTaskResultRequest.fromPartial({ id: pick(data.finished, n), knownRevision: 3n });
    return client.reads.refreshTaskResult(request, done as never);
  }),
  unary('Create', 64, (client, data, _n, done) => create(client, data, done)),
  unary(
    'StartAttempt',
    64,
    (client, _data, n, done) => client.writes.startAttempt(startRequest(fresh[n] ?? 'x'), done as never),
    async (client, data, seconds) => {
      fresh = await makeResults(client, data, callsPerSecond(data.bytes) * seconds, 'ready');
    },
  ),
  unary(
    'FinishAttempt',
    64,
    (client, _data, n, done) => client.writes.finishAttempt(finishRequest(fresh[n] ?? 'x'), done as never),
    async (client, data, seconds) => {
      fresh = await makeResults(client, data, callsPerSecond(data.bytes) * seconds, 'running');
    },
  ),
  {
    name: 'RecordTransitions, creates',
    callers: 1,
    unit: 1,
    baseline: 'Get',
    async run(client, data, seconds) {
      const count = Math.round((data.bytes > 50_000 ? 1_000 : 15_000) * seconds);
      const begin = performance.now();
      await transitions(client, count, () => ({
        $case: 'create',
        value: createRequest(`${data.prefix}-${data.next++}`, data.bytes),
      }));
      const ms = performance.now() - begin;
      return { perSecond: (count / ms) * 1_000, p50Ms: Number.NaN, p99Ms: Number.NaN };
    },
  },
  {
    name: 'BatchGet of 100',
    callers: 16,
    unit: 100,
    baseline: 'Get',
    run: (client, data, seconds) =>
      load(
        16,
        seconds,
        (n) => {
          const ids = Array.from({ length: 100 }, (_, i) => pick(data.ready, n * 100 + i));
          const request = BatchGetTaskResultsRequest.fromPartial({ ids });
          return call((done) => client.reads.batchGetTaskResults(request, done as never));
        },
        100,
      ),
  },
  unary('Get, one lone caller', 1, (client, data, n, done) => get(client, pick(data.ready, n), done)),
  unary('Create, one lone caller', 1, (client, data, _n, done) => create(client, data, done)),
];
