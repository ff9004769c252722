import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import {
  GetTaskResultRequest,
  type GetTaskResultResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf } from '../support/calls';
import { type LinkedDatabase, linkedDatabase } from '../support/linked-database';
import { refused } from '../support/refusal';
import { call, serve, type TestService } from '../support/service';
import { until } from '../support/until';

/** As the contract of Get has it. */
const PROMISE_MS = 500;
const WATCHED_MS = 3_000;

let database: LinkedDatabase;
let replica: TestService;
let other: TestService;

beforeEach(async () => {
  database = await linkedDatabase();
  replica = await serve(database.linked, { callTimeoutMs: 2_000 });
  other = await serve(database.direct);
  const { create, start, succeed } = callsOf(other);
  await create('kept');
  await start('kept');
  await succeed('kept');
});
afterEach(async () => {
  database.link.heal();
  await replica.stop();
  await other.stop();
  await database.drop();
});

/** Get with a deadline that only an answer from memory keeps while the link says nothing. */
function getSoon(): Promise<GetTaskResultResponse> {
  const request = GetTaskResultRequest.fromPartial({ id: 'kept' });
  const options = { deadline: Date.now() + 200 };
  return call((done) => replica.reads.getTaskResult(request, new Metadata(), options, done));
}

test('a replica whose link says nothing answers no longer from memory than it promises', async () => {
  const isAnswered = () =>
    getSoon().then(
      () => true,
      () => false,
    );
  // It may be the store that answers: only during a stall can it be told. What is stalled for so short a time is sent
  // again, and nobody notices.
  await until(async () => {
    await callsOf(replica).get('kept');
    database.link.stall();
    const fromMemory = await isAnswered();
    if (!fromMemory) database.link.heal();
    return fromMemory;
  }, 'it is answered from memory');

  await callsOf(other).remove('kept');
  await delay(PROMISE_MS);
  const answers: boolean[] = [];
  for (const since = performance.now(); performance.now() - since < WATCHED_MS; ) answers.push(await isAnswered());
  expect(answers).not.toContain(true);

  database.link.heal();
  await until(async () => (await refused(callsOf(replica).get('kept'))).startsWith('NOT_FOUND'), 'it knows again');
});
