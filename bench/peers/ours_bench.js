const { once } = require('node:events');
const { credentials } = require('@grpc/grpc-js');
const { VALUE, answerLines, fail, load, notified } = require('./load');

/**
 * `node ours_bench.js <address>`: this project over gRPC, with the clients that `npm run build` makes. One process, one
 * connection. Its database and its cache are whatever the server at that address was started with.
 */
const {
  CreateTaskResultRequest,
  FinishAttemptRequest,
  StartAttemptRequest,
  TaskLifecycleServiceClient,
} = require('@taskresults/protocol/taskresults/v1/task_lifecycle_service');
const { TaskResultStatus } = require('@taskresults/protocol/taskresults/v1/task_result');
const {
  GetTaskResultRequest,
  TaskResultServiceClient,
  WatchTaskResultsRequest,
} = require('@taskresults/protocol/taskresults/v1/task_result_service');

/** More than it gets through, so that no write has to wait for a result to write to. */
const STORES_PER_SECOND = { one: 2_500, many: 9_000 };
const FINISHED = 1_000;

const address = process.argv[2];
const reads = new TaskResultServiceClient(address, credentials.createInsecure());
const writes = new TaskLifecycleServiceClient(address, credentials.createInsecure());
const valueJson = JSON.stringify(VALUE);
const argsJson = JSON.stringify(['x'.repeat(296)]);
let next = 0;

const newId = () => `peer-${process.pid}-${next++}`;

const createRequest = (id) =>
  CreateTaskResultRequest.fromPartial({ id, task: { path: 'bench.tasks.store' }, argsJson });
const startRequest = (id) => StartAttemptRequest.fromPartial({ id, workerId: 'worker-1' });
const finishRequest = (id) =>
  FinishAttemptRequest.fromPartial({
    id,
    attempt: 1,
    outcome: { $case: 'succeeded', value: { returnValueJson: valueJson } },
  });

function call(start) {
  return new Promise((resolve, reject) => start((error, response) => (error ? reject(error) : resolve(response))));
}

async function create(id) {
  const { state } = await call((done) => writes.createTaskResult(createRequest(id), done));
  expectState(state, id, TaskResultStatus.TASK_RESULT_STATUS_READY);
}

async function finish(id) {
  const { state } = await call((done) => writes.finishAttempt(finishRequest(id), done));
  expectState(state, id, TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL);
}

async function get(id) {
  const { taskResult } = await call((done) => reads.getTaskResult(GetTaskResultRequest.fromPartial({ id }), done));
  expectValue(taskResult, id);
}

function expectState(state, id, status) {
  if (state?.id !== id || state.status !== status) throw new Error('a write was answered with another state');
}

function expectValue(taskResult, id) {
  expectState(taskResult, id, TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL);
  if (taskResult.returnValueJson !== valueJson) throw new Error('a finished result came back without its value');
}

/** Results with a running attempt. */
async function makeRunning(count) {
  const ids = Array.from({ length: count }, newId);
  await record(ids, (id) => ({ $case: 'create', value: createRequest(id) }));
  await record(ids, (id) => ({ $case: 'start', value: startRequest(id) }));
  return ids;
}

async function record(ids, transition) {
  const stream = writes.recordTransitions();
  let failure;
  stream.on('data', ({ outcome }) => {
    if (outcome?.$case === 'error') failure ??= new Error(outcome.value.message);
  });
  const ended = once(stream, 'end');
  for (const [n, id] of ids.entries()) {
    if (!stream.write({ number: BigInt(n), transition: transition(id), more: [] })) await once(stream, 'drain');
  }
  stream.end();
  await ended;
  if (failure) throw failure;
}

/** A watch of this one id that knows of its running attempt. */
function watch(id) {
  const stream = reads.watchTaskResults(
    WatchTaskResultsRequest.fromPartial({
      target: { $case: 'ids', value: { taskResults: [{ id, knownRevision: 2n }] } },
    }),
  );
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', ({ event }) => {
      if (event?.$case !== 'snapshot') return;
      const notifiedAt = performance.now();
      expectValue(event.value, id);
      resolve(notifiedAt);
    });
  });
}

async function main() {
  const finished = await makeRunning(FINISHED);
  await record(finished, (id) => ({ $case: 'finish', value: finishRequest(id) }));
  await answerLines({
    enqueue: (callers, seconds) => load(callers, seconds, () => create(newId())),
    async store(callers, seconds) {
      const perSecond = callers === 1 ? STORES_PER_SECOND.one : STORES_PER_SECOND.many;
      const ids = await makeRunning(Math.ceil(perSecond * seconds));
      return load(callers, seconds, (n) => finish(ids[n]), ids.length);
    },
    read: (callers, seconds) => load(callers, seconds, (n) => get(finished[n % FINISHED])),
    async notify(waiters, seconds) {
      return notified(waiters, seconds, async () => {
        const [id] = await makeRunning(1);
        return { notified: watch(id), write: () => finish(id) };
      });
    },
  });
}

main().catch(fail);
