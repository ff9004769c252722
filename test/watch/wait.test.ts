import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Metadata, status } from '@grpc/grpc-js';
import { DeleteTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  WaitTaskResultRequest_Until as Until,
  WaitTaskResultRequest,
  type WaitTaskResultResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { callsOf, ms } from '../support/calls';
import { ENGINES } from '../support/engines';
import { call, startOn, type TestService, testConfig } from '../support/service';
import { until } from '../support/until';
import { TestWorker } from '../support/worker';

describe.each(ENGINES)('WaitTaskResult on %s', (engine) => {
  let service: TestService;
  let worker: TestWorker;

  beforeAll(async () => {
    service = await startOn(engine);
    worker = new TestWorker([service.address], 'w');
  });
  afterAll(async () => {
    worker.close();
    await service.stop();
  });

  const wait = (request: Parameters<typeof WaitTaskResultRequest.fromPartial>[0], deadlineMs = 120_000) =>
    call<WaitTaskResultResponse>((done) =>
      service.reads.waitTaskResult(
        WaitTaskResultRequest.fromPartial(request),
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        done,
      ),
    );

  test('answers when the result is finished', async () => {
    await worker.create('finishes');
    const waiting = wait({ id: 'finishes' });
    await worker.attempt('finishes', 'fail');
    const { taskResult, timedOut } = await waiting;
    expect(timedOut).toBe(false);
    expect(taskResult?.status).toBe(TaskResultStatus.TASK_RESULT_STATUS_FAILED);
  });

  test('answers at once for a finished result', async () => {
    await worker.create('finished');
    await worker.attempt('finished', 'succeed');
    expect((await wait({ id: 'finished' })).timedOut).toBe(false);
  });

  test('until CHANGED: answers at once for another revision than the known one, otherwise at the next change', async () => {
    await worker.create('changes');
    const changed = { id: 'changes', until: Until.UNTIL_CHANGED };
    const first = (await wait(changed)).taskResult;
    expect(first?.revision).toBe(1n);
    const known = { incarnation: first?.incarnation, revision: 1n };
    expect((await wait({ ...changed, known: { ...known, revision: 9n } })).taskResult).toEqual(first);
    const waiting = wait({ ...changed, known });
    await worker.attempt('changes', 'retry');
    const { taskResult, timedOut } = await waiting;
    expect(timedOut).toBe(false);
    expect(taskResult?.revision).toBeGreaterThan(1n);
  });

  test('until CHANGED: a result created anew in place of the known one is a change, at whatever revision', async () => {
    await worker.create('anew');
    const changed = { id: 'anew', until: Until.UNTIL_CHANGED };
    const first = (await wait(changed)).taskResult;
    const { incarnation, revision } = first as NonNullable<typeof first>;
    await call((done) => service.writes.deleteTaskResult(DeleteTaskResultRequest.fromPartial({ id: 'anew' }), done));
    await worker.create('anew');
    const { taskResult, timedOut } = await wait({ ...changed, known: { incarnation, revision } });
    expect([taskResult?.revision, timedOut]).toEqual([revision, false]);
    expect(taskResult?.incarnation).toBeGreaterThan(incarnation);
  });

  test('says that it timed out, with the result as it stands', async () => {
    await worker.create('slow');
    const { taskResult, timedOut } = await wait({ id: 'slow', timeout: { seconds: 0n, nanos: 50_000_000 } });
    expect(timedOut).toBe(true);
    expect(taskResult?.status).toBe(TaskResultStatus.TASK_RESULT_STATUS_READY);
    for (const nanos of [0, 1, 1_500_000]) {
      expect((await wait({ id: 'slow', timeout: { seconds: 0n, nanos } })).timedOut).toBe(true);
    }
  });

  test("answers before the call's deadline", async () => {
    await worker.create('deadline');
    // A busy machine may miss one deadline, since the server's margin is a fraction of a second.
    const answered = async () => (await wait({ id: 'deadline' }, 1_000).catch(() => null))?.timedOut === true;
    await until(answered, 'a wait is answered in time');
  });

  test('a result that is not there, or goes, is NOT_FOUND', async () => {
    await expect(wait({ id: 'nobody' })).rejects.toMatchObject({ code: status.NOT_FOUND });
    await worker.create('goes');
    const refused = expect(wait({ id: 'goes' })).rejects.toMatchObject({ code: status.NOT_FOUND });
    await call((done) => service.writes.deleteTaskResult(DeleteTaskResultRequest.fromPartial({ id: 'goes' }), done));
    await refused;
  });

  test.each([
    ['id', { id: '' }],
    ['known.revision', { id: 'x', known: { incarnation: 1n, revision: -1n } }],
    ['known.incarnation', { id: 'x', known: { revision: 1n } }],
    ['until', { id: 'x', until: 7 as Until }],
    ['timeout', { id: 'x', timeout: { seconds: -1n, nanos: 0 } }],
  ])('a bad %s is refused', async (field, request) => {
    await expect(wait(request)).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining(field),
    });
  });
});

test('a wait times out though garbage is collected meanwhile', async () => {
  const { limits } = testConfig({ engine: 'sqlite', file: '' });
  const service = await startOn('sqlite', { limits: { ...limits, maxWatches: 1 } });
  try {
    setFlagsFromString('--expose-gc');
    const collectGarbage: () => void = runInNewContext('gc');
    const { create, wait } = callsOf(service);
    await create('a');
    const request = WaitTaskResultRequest.fromPartial({ id: 'a', timeout: ms(5_000) });
    const options = { deadline: Date.now() + 60_000 };
    const waiting = call<WaitTaskResultResponse>((done) =>
      service.reads.waitTaskResult(request, new Metadata(), options, done),
    );
    const isOpen = () =>
      wait({ id: 'a', timeout: ms(0) }).then(
        () => false,
        () => true,
      );
    await until(isOpen, 'there is no room for another wait');
    collectGarbage();
    expect((await waiting).timedOut).toBe(true);
  } finally {
    await service.stop();
  }
});
