import {
  CreateTaskResultRequest,
  FinishAttemptRequest,
  TaskLifecycleServiceService as Lifecycle,
  RecordTransitionsRequest,
  StartAttemptRequest,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultView } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  BatchGetTaskResultsRequest,
  BatchGetTaskResultsResponse,
  GetTaskResultRequest,
  RefreshTaskResultRequest,
  TaskResultServiceService as Results,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { MAX_ANSWER_SIZE } from '../src/domain/limits';
import { MAX_REMEMBERED } from '../src/store/remembered-states';
import {
  checkBatch,
  checkCreated,
  checkFinished,
  checkGot,
  checkRecorded,
  checkStarted,
  checkUnchanged,
  READY,
  RUNNING,
  SUCCESSFUL,
} from './answers';
import type { Calls, CheckedRequest, LoadGenerator, Measured } from './load-generator';
import { createRequest, finishRequest, startRequest } from './payloads';

const BASIC = TaskResultView.TASK_RESULT_VIEW_BASIC;

/** A server under load, and what is in it. */
export interface Target {
  name: string;
  load: LoadGenerator;
  /** The bare server has no results, and answers as if it had. */
  bare: boolean;
  /** Bytes of a result. */
  bytes: number;
  /** READY results. */
  ready: readonly string[];
  /** SUCCESSFUL results, at revision 3. */
  finished: readonly string[];
}

export interface Operation {
  name: string;
  /** Calls begin at a fixed rate, each measured from the moment at which it was due. */
  isOpenLoop: boolean;
  /** What one call counts for, with results of so many bytes. */
  unit(bytes: number): number;
  /** The operation on the bare server that the ratio is taken against, where it is not the same one. */
  baseline?: 'Get';
  /** Makes what is needed for about so many seconds. Returns the run to measure. */
  prepare(target: Target, seconds: number): Promise<() => Promise<Measured>>;
}

/** Transitions that a caller in a hurry puts into one message, as long as it stays small. */
const TOGETHER = 50;
const TOGETHER_BYTES = 512 * 1024;

type State = 'ready' | 'running' | 'finished';

let made = 0;

/** Ids as the server makes them: as long, and each greater than the one before. */
function newIds(count: number): string[] {
  return Array.from({ length: count }, () => `01890000-0000-7000-8000-${String(made++).padStart(12, '0')}`);
}

/** Makes results; on the bare server, only their ids. */
export async function makeResults(target: Target, count: number, state: State): Promise<string[]> {
  const ids = newIds(count);
  if (target.bare) return ids;
  await record(target, ids, READY, (id) => ({ $case: 'create', value: createRequest(id, target.bytes) }));
  if (state === 'ready') return ids;
  await record(target, ids, RUNNING, (id) => ({ $case: 'start', value: startRequest(id) }));
  if (state === 'running') return ids;
  await record(target, ids, SUCCESSFUL, (id) => ({ $case: 'finish', value: finishRequest(id) }));
  return ids;
}

type Transition = NonNullable<RecordTransitionsRequest['transition']>;

/**
 * One transition of each result over one stream, so many in a message. Throws unless each leaves this status behind.
 */
async function record(
  { load, bytes }: Target,
  ids: readonly string[],
  status: Parameters<typeof checkRecorded>[2],
  transition: (id: string) => Transition,
  most = TOGETHER,
): Promise<Measured> {
  const inOneMessage = Math.min(most, Math.ceil(TOGETHER_BYTES / bytes));
  const numbered = ids.map((id, n) => ({ number: BigInt(n), transition: transition(id), more: [] }));
  const requests: Uint8Array[] = [];
  for (let n = 0; n < numbered.length; n += inOneMessage) {
    const more = numbered.slice(n, n + inOneMessage);
    const message = inOneMessage === 1 ? more[0] : { more };
    requests.push(RecordTransitionsRequest.encode(RecordTransitionsRequest.fromPartial({ ...message })).finish());
  }
  const { answers, ...measured } = await load.stream(Lifecycle.recordTransitions.path, requests);
  checkRecorded(answers, ids, status);
  return { ...measured, calls: ids.length, p50Ms: Number.NaN, p99Ms: Number.NaN };
}

/** What is made for a second of an operation that uses it up: more than a server gets through, within some memory. */
const MAX_CALLS = 15_000;
const MAX_BYTES = 300 * 1024 * 1024;
const usedUp = (bytes: number, seconds: number) => Math.min(MAX_CALLS * seconds, Math.floor(MAX_BYTES / bytes));

type Requests = (target: Target, count: number) => Promise<CheckedRequest[]> | CheckedRequest[];

/** How calls come, with results of so many bytes. */
type Load = (bytes: number) => Calls['load'];

/** A closed loop: each caller sends its next call once the last one is answered. */
const callers =
  (count: number): Load =>
  () => ({ callers: count });

/** An open loop, far from what a server can do, and at most 10 MiB a second. */
const MAX_RATE = 500;
const MAX_BYTES_PER_SECOND = 10 * 1024 * 1024;
const atFixedRate: Load = (bytes) => ({ rate: Math.min(MAX_RATE, Math.floor(MAX_BYTES_PER_SECOND / bytes)) });

/** Unary calls. When they run out of requests they begin again, or end. */
function unary(name: string, load: Load, method: string, repeat: boolean, requests: Requests): Operation {
  return {
    name,
    isOpenLoop: load === atFixedRate,
    unit: () => 1,
    async prepare(target, seconds) {
      const how = load(target.bytes);
      const count = 'rate' in how ? how.rate * seconds : usedUp(target.bytes, seconds);
      const made = await requests(target, count);
      // The bare server answers as if all results were one.
      const checked = target.bare ? made.map(({ request }) => ({ request, check: () => {} })) : made;
      return () => target.load.unary({ method, load: how, seconds, repeat }, checked);
    },
  };
}

/** Calls that can be made again and again, each time with another of the ids. */
function repeated(
  name: string,
  load: Load,
  method: string,
  request: (id: string, target: Target) => CheckedRequest,
  ids: (target: Target) => readonly string[],
): Operation {
  return unary(name, load, method, true, (target) => shuffled(ids(target)).map((id) => request(id, target)));
}

/** Calls that each need something of their own. */
function once(name: string, load: Load, method: string, requests: Requests): Operation {
  return unary(name, load, method, false, requests);
}

/** Creates over one stream. */
function recorded(name: string, inOneMessage: number): Operation {
  return {
    name,
    isOpenLoop: false,
    unit: () => 1,
    baseline: 'Get',
    async prepare(target, seconds) {
      const ids = newIds(usedUp(target.bytes, seconds));
      const create = (id: string): Transition => ({ $case: 'create', value: createRequest(id, target.bytes) });
      return () => record(target, ids, READY, create, inOneMessage);
    },
  };
}

/** An order that is no order, and the same in every run. */
function shuffled(ids: readonly string[]): string[] {
  return ids.map((_, n) => ids[(n * 7919) % ids.length] as string);
}

const getIn =
  (status: typeof READY | typeof SUCCESSFUL) =>
  (id: string, { bytes }: Target): CheckedRequest => ({
    request: GetTaskResultRequest.encode(GetTaskResultRequest.fromPartial({ id })).finish(),
    check: (answer) => checkGot(answer, id, bytes, status),
  });
const get = getIn(READY);
const getFinished = getIn(SUCCESSFUL);

const batchGet = (ids: string[], bytes: number): CheckedRequest => ({
  request: BatchGetTaskResultsRequest.encode(BatchGetTaskResultsRequest.fromPartial({ ids })).finish(),
  check: (answer) => checkBatch(answer, ids, bytes),
});

const refresh = (id: string, incarnation: bigint): CheckedRequest => ({
  request: RefreshTaskResultRequest.encode(
    RefreshTaskResultRequest.fromPartial({ id, known: { incarnation, revision: 3n } }),
  ).finish(),
  check: checkUnchanged,
});

/** Each of the finished results, asked for with the version that it has. */
async function refreshFinished({ load, bare, finished }: Target): Promise<CheckedRequest[]> {
  if (bare) return finished.map((id) => refresh(id, 1n));
  const incarnations = new Map<string, bigint>();
  const requests: CheckedRequest[] = [];
  for (let n = 0; n < finished.length; n += 500) {
    const ids = finished.slice(n, n + 500);
    requests.push({
      request: BatchGetTaskResultsRequest.encode(BatchGetTaskResultsRequest.fromPartial({ ids, view: BASIC })).finish(),
      check: (answer) => {
        for (const { id, incarnation } of BatchGetTaskResultsResponse.decode(answer).taskResults) {
          incarnations.set(id, incarnation);
        }
      },
    });
  }
  await load.unary(
    { method: Results.batchGetTaskResults.path, load: { callers: 1 }, seconds: 60, repeat: false },
    requests,
  );
  return shuffled(finished).map((id) => refresh(id, incarnations.get(id) ?? 0n));
}

const create = ({ bytes }: Target, count: number): CheckedRequest[] =>
  newIds(count).map((id) => ({
    request: CreateTaskResultRequest.encode(createRequest(id, bytes)).finish(),
    check: (answer) => checkCreated(answer, id),
  }));

const start = (id: string): CheckedRequest => ({
  request: StartAttemptRequest.encode(startRequest(id)).finish(),
  check: (answer) => checkStarted(answer, id),
});

const finish = (id: string): CheckedRequest => ({
  request: FinishAttemptRequest.encode(finishRequest(id)).finish(),
  check: (answer) => checkFinished(answer, id),
});

const startReady = async (target: Target, count: number) => (await makeResults(target, count, 'ready')).map(start);
const finishRunning = async (target: Target, count: number) =>
  (await makeResults(target, count, 'running')).map(finish);

/** Results of a BatchGet: a hundred, or as many as fit into its answer. */
const atOnce = (bytes: number) => Math.min(100, Math.floor((0.95 * MAX_ANSWER_SIZE) / bytes));

/** How many of the finished results are asked for, so that they all fit into the server's memory. */
const REMEMBERED = 1_000;
const remembered = ({ finished }: Target) => finished.slice(0, REMEMBERED);

const GET = Results.getTaskResult.path;
const CREATE = Lifecycle.createTaskResult.path;
const START = Lifecycle.startAttempt.path;
const FINISH = Lifecycle.finishAttempt.path;

export const OPERATIONS: readonly Operation[] = [
  repeated('Get, from the database', callers(64), GET, get, ({ ready }) => ready),
  repeated('Get, finished', callers(64), GET, getFinished, remembered),
  unary('Refresh, unchanged', callers(64), Results.refreshTaskResult.path, true, refreshFinished),
  once('Create', callers(64), CREATE, create),
  once('StartAttempt', callers(64), START, startReady),
  once('StartAttempt, not remembered', callers(64), START, async (target, count) => {
    const requests = await startReady(target, count);
    // As if another process had created them: these, small ones, take their places in memory.
    await makeResults({ ...target, bytes: 0 }, MAX_REMEMBERED, 'ready');
    return requests;
  }),
  once('FinishAttempt', callers(64), FINISH, finishRunning),
  recorded('RecordTransitions, one in a message', 1),
  recorded(`RecordTransitions, ${TOGETHER} in a message`, TOGETHER),
  {
    ...unary('BatchGet of 100', callers(16), Results.batchGetTaskResults.path, true, ({ ready, bytes }) => {
      const ids = shuffled(ready);
      const each = atOnce(bytes);
      return Array.from({ length: ids.length / each }, (_, n) => batchGet(ids.slice(n * each, (n + 1) * each), bytes));
    }),
    unit: atOnce,
    baseline: 'Get',
  },
  repeated('Get, one lone caller', callers(1), GET, get, ({ ready }) => ready),
  repeated('Get, finished, one lone caller', callers(1), GET, getFinished, remembered),
  once('Create, one lone caller', callers(1), CREATE, create),
  repeated('Get at a fixed rate', atFixedRate, GET, get, ({ ready }) => ready),
  repeated('Get, finished, at a fixed rate', atFixedRate, GET, getFinished, remembered),
  once('Create at a fixed rate', atFixedRate, CREATE, create),
  once('StartAttempt at a fixed rate', atFixedRate, START, startReady),
  once('FinishAttempt at a fixed rate', atFixedRate, FINISH, finishRunning),
];
