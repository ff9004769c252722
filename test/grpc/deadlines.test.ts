import { Metadata } from '@grpc/grpc-js';
import {
  GetTaskResultRequest,
  type GetTaskResultResponse,
  WaitTaskResultRequest,
  type WaitTaskResultResponse,
  WatchTaskResultsRequest,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf, ms, RUNNING } from '../support/calls';
import { fresh } from '../support/fresh';
import { call, startOn, type TestService } from '../support/service';
import { byIds } from '../support/watching';

const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;

/** Beyond 2^31 ms, the longest timer of Node. As 32-bit numbers some of these are negative, and some are short. */
const LONG = {
  '2,147,484 seconds': 2_147_484 * SECOND,
  '30 days': 30 * DAY,
  '4,294,968 seconds': 4_294_968 * SECOND,
  'a year': 365 * DAY,
  'as long as can be said': 99_999_000 * 60 * 60 * SECOND,
};

let service: TestService;
beforeAll(async () => {
  service = await startOn('sqlite');
});
afterAll(() => service?.stop());

describe.each(Object.entries(LONG))('with a deadline of %s', (_, timeoutMs) => {
  const none = new Metadata();
  const options = () => ({ deadline: Date.now() + timeoutMs });
  let id: string;

  beforeAll(async () => {
    id = fresh();
    const { create, start } = callsOf(service);
    await create(id);
    await start(id);
  });

  test('a call gets its answer', async () => {
    for (let round = 0; round < 40; round++) {
      const request = GetTaskResultRequest.fromPartial({ id });
      const answer = await call<GetTaskResultResponse>((done) =>
        service.reads.getTaskResult(request, none, options(), done),
      );
      expect(answer.taskResult?.status).toBe(RUNNING);
    }
  });

  test('a call that waits does so', async () => {
    const request = WaitTaskResultRequest.fromPartial({ id, timeout: ms(900) });
    const answer = await call<WaitTaskResultResponse>((done) =>
      service.reads.waitTaskResult(request, none, options(), done),
    );
    expect(answer).toMatchObject({ timedOut: true, taskResult: { status: RUNNING } });
  });

  test('a stream goes on', async () => {
    const request = WatchTaskResultsRequest.fromPartial({ target: byIds(id), heartbeatInterval: ms(1_000) });
    const stream = service.reads.watchTaskResults(request, none, options());
    stream.on('error', () => {});
    const kinds: (string | undefined)[] = [];
    for await (const { event } of stream) {
      kinds.push(event?.$case);
      if (event?.$case === 'heartbeat') break;
    }
    stream.cancel();
    expect(kinds).toEqual(['snapshot', 'heartbeat']);
  });
});
