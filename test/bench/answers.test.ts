import {
  CreateTaskResultResponse,
  type FinishAttemptResponse,
  StartAttemptResponse,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { GetTaskResultRequest, GetTaskResultResponse } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { checkCreated, checkGot, checkStarted, checkUnchanged, READY, SUCCESSFUL } from '../../bench/answers';
import { createRequest, finishRequest, startRequest } from '../../bench/payloads';
import { call, startOn, type TestService } from '../support/service';

const BYTES = 1_000;

let service: TestService;
beforeAll(async () => {
  service = await startOn('sqlite');
});
afterAll(() => service?.stop());

async function create(id: string, bytes = BYTES): Promise<Uint8Array> {
  const answer = await call<CreateTaskResultResponse>((done) =>
    service.writes.createTaskResult(createRequest(id, bytes), done),
  );
  return CreateTaskResultResponse.encode(answer).finish();
}

async function start(id: string): Promise<Uint8Array> {
  const answer = await call<StartAttemptResponse>((done) => service.writes.startAttempt(startRequest(id), done));
  return StartAttemptResponse.encode(answer).finish();
}

async function get(id: string): Promise<Uint8Array> {
  const request = GetTaskResultRequest.fromPartial({ id });
  const answer = await call<GetTaskResultResponse>((done) => service.reads.getTaskResult(request, done));
  return GetTaskResultResponse.encode(answer).finish();
}

test('right answers pass', async () => {
  checkCreated(await create('right'), 'right');
  checkGot(await get('right'), 'right', BYTES, READY);
  checkStarted(await start('right'), 'right');
  await call<FinishAttemptResponse>((done) => service.writes.finishAttempt(finishRequest('right'), done));
  checkGot(await get('right'), 'right', BYTES, SUCCESSFUL);
});

test('a benchmark ends at an answer that is OK and wrong', async () => {
  const created = await create('wrong');
  expect(() => checkCreated(created, 'other')).toThrow('id "wrong", not "other"');
  const got = await get('wrong');
  expect(() => checkGot(got, 'wrong', BYTES + 1, READY)).toThrow('args');
  expect(() => checkGot(got, 'wrong', BYTES, SUCCESSFUL)).toThrow('status');
  expect(() => checkStarted(created, 'wrong')).toThrow('a wrong answer');
  expect(() => checkUnchanged(new Uint8Array())).toThrow('outcome');
});
