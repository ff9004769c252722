import {
  CreateTaskResultRequest,
  FinishAttemptRequest,
  TaskLifecycleServiceService as Lifecycle,
  RecordTransitionsRequest,
  RecordTransitionsResponse,
  StartAttemptRequest,
} from '../src/gen/taskresults/v1/task_lifecycle_service';
import {
  BatchGetTaskResultsRequest,
  GetTaskResultRequest,
  RefreshTaskResultRequest,
  TaskResultServiceService as Results,
} from '../src/gen/taskresults/v1/task_result_service';
import { ANSWER_BYTES } from '../src/service/answer-budget';
import { MOST_REMEMBERED } from '../src/store/writer';
import type { LoadGenerator, Measured } from './load-generator';
import { createRequest, finishRequest, startRequest } from './payloads';

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
  /** How many calls at a time; 1 for a stream. */
  callers: number;
  /** What one call counts for, with results of so many bytes. */
  unit(bytes: number): number;
  /** The operation on the bare server that the ratio is taken against, where it is not the same one. */
  baseline?: 'Get';
  /** Makes what is needed for about so many seconds, and answers the run to measure. */
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
  await record(target, ids, (id) => ({ $case: 'create', value: createRequest(id, target.bytes) }));
  if (state === 'ready') return ids;
  await record(target, ids, (id) => ({ $case: 'start', value: startRequest(id) }));
  if (state === 'running') return ids;
  await record(target, ids, (id) => ({ $case: 'finish', value: finishRequest(id) }));
  return ids;
}

type Transition = NonNullable<RecordTransitionsRequest['transition']>;

/** One transition of each result over one stream, so many in a message. Throws when one is refused. */
async function record(
  { load, bytes }: Target,
  ids: readonly string[],
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
  let answered = 0;
  for (const answer of answers) {
    const { more, ...first } = RecordTransitionsResponse.decode(answer);
    for (const { outcome } of [first, ...more]) {
      if (outcome?.$case === 'error') throw new Error(outcome.value.message);
      answered++;
    }
  }
  if (answered !== ids.length) throw new Error(`${answered} of ${ids.length} answered`);
  return { ...measured, calls: answered, p50Ms: Number.NaN, p99Ms: Number.NaN };
}

/** What is made for a second of an operation that uses it up: more than a server gets through, within some memory. */
const MOST_CALLS = 15_000;
const MOST_BYTES = 300 * 1024 * 1024;
const usedUp = (bytes: number, seconds: number) => Math.min(MOST_CALLS * seconds, Math.floor(MOST_BYTES / bytes));

type Requests = (target: Target, count: number) => Promise<Uint8Array[]> | Uint8Array[];

/** Unary calls. When they run out of requests they begin again, or end. */
function unary(name: string, callers: number, method: string, repeat: boolean, requests: Requests): Operation {
  return {
    name,
    callers,
    unit: () => 1,
    async prepare(target, seconds) {
      const ready = await requests(target, usedUp(target.bytes, seconds));
      return () => target.load.unary({ method, callers, seconds, repeat }, ready);
    },
  };
}

/** Calls that can be made again and again, each time with another of the ids. */
function repeated(
  name: string,
  callers: number,
  method: string,
  request: (id: string) => Uint8Array,
  ids: (target: Target) => readonly string[],
): Operation {
  return unary(name, callers, method, true, (target) => shuffled(ids(target)).map(request));
}

/** Calls that each need something of their own. */
function once(name: string, callers: number, method: string, requests: Requests): Operation {
  return unary(name, callers, method, false, requests);
}

/** Creates over one stream. */
function recorded(name: string, inOneMessage: number): Operation {
  return {
    name,
    callers: 1,
    unit: () => 1,
    baseline: 'Get',
    async prepare(target, seconds) {
      const ids = newIds(usedUp(target.bytes, seconds));
      const create = (id: string): Transition => ({ $case: 'create', value: createRequest(id, target.bytes) });
      return () => record(target, ids, create, inOneMessage);
    },
  };
}

/** An order that is no order, and the same in every run. */
function shuffled(ids: readonly string[]): string[] {
  return ids.map((_, n) => ids[(n * 7919) % ids.length] as string);
}

const get = (id: string) => GetTaskResultRequest.encode(GetTaskResultRequest.fromPartial({ id })).finish();
const batchGet = (ids: string[]) =>
  BatchGetTaskResultsRequest.encode(BatchGetTaskResultsRequest.fromPartial({ ids })).finish();
const refresh = (id: string) =>
  RefreshTaskResultRequest.encode(
    RefreshTaskResultRequest.fromPartial({ id, known: { incarnation: 1n, revision: 3n } }),
  ).finish();
const create = ({ bytes }: Target, count: number) =>
  newIds(count).map((id) => CreateTaskResultRequest.encode(createRequest(id, bytes)).finish());

/** Results of a BatchGet: a hundred, or as many as fit into its answer. */
const atOnce = (bytes: number) => Math.min(100, Math.floor((0.95 * ANSWER_BYTES) / bytes));

/** How many of the finished results are asked for, so that they all fit into the server's memory. */
const REMEMBERED = 1_000;

export const OPERATIONS: readonly Operation[] = [
  repeated('Get, from the database', 64, Results.getTaskResult.path, get, ({ ready }) => ready),
  repeated('Get, finished', 64, Results.getTaskResult.path, get, ({ finished }) => finished.slice(0, REMEMBERED)),
  repeated('Refresh, unchanged', 64, Results.refreshTaskResult.path, refresh, ({ finished }) => finished),
  once('Create', 64, Lifecycle.createTaskResult.path, create),
  once('StartAttempt', 64, Lifecycle.startAttempt.path, async (target, count) => {
    const ids = await makeResults(target, count, 'ready');
    return ids.map((id) => StartAttemptRequest.encode(startRequest(id)).finish());
  }),
  once('StartAttempt, not remembered', 64, Lifecycle.startAttempt.path, async (target, count) => {
    const ids = await makeResults(target, count, 'ready');
    // As if another process had created them: these, small ones, take their places in memory.
    await makeResults({ ...target, bytes: 0 }, MOST_REMEMBERED, 'ready');
    return ids.map((id) => StartAttemptRequest.encode(startRequest(id)).finish());
  }),
  once('FinishAttempt', 64, Lifecycle.finishAttempt.path, async (target, count) => {
    const ids = await makeResults(target, count, 'running');
    return ids.map((id) => FinishAttemptRequest.encode(finishRequest(id)).finish());
  }),
  recorded('RecordTransitions, one in a message', 1),
  recorded(`RecordTransitions, ${TOGETHER} in a message`, TOGETHER),
  {
    ...unary('BatchGet of 100', 16, Results.batchGetTaskResults.path, true, ({ ready, bytes }) => {
      const ids = shuffled(ready);
      const each = atOnce(bytes);
      return Array.from({ length: ids.length / each }, (_, n) => batchGet(ids.slice(n * each, (n + 1) * each)));
    }),
    unit: atOnce,
    baseline: 'Get',
  },
  repeated('Get, one lone caller', 1, Results.getTaskResult.path, get, ({ ready }) => ready),
  repeated('Get, finished, one lone caller', 1, Results.getTaskResult.path, get, ({ finished }) =>
    finished.slice(0, REMEMBERED),
  ),
  once('Create, one lone caller', 1, Lifecycle.createTaskResult.path, create),
];
