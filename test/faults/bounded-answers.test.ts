import type { RecordTransitionsRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  type TaskResult,
  TaskResult as TaskResultMessage,
  type TaskResultView,
} from '@taskresults/protocol/taskresults/v1/task_result';
import { MAX_COMMANDS } from '../../src/domain/store';
import { openStore } from '../../src/store/open';
import { BASIC, type Calls, callsOf, createRequest, FULL, idsOf, ms } from '../support/calls';
import { create, failAttempt, start } from '../support/commands';
import { temporaryDatabase } from '../support/engines';
import { RPC_NAMES, RPCS, type RpcName, send } from '../support/rpcs';
import { serve, startOn, type TestService, testConfig } from '../support/service';
import { until } from '../support/until';
import { byIds, openWatch } from '../support/watching';

const KIB = 1024;
const MIB = 1024 * KIB;
const EMOJI = '😀';
const LONGEST_NAME = EMOJI.repeat(255);
const LONGEST_ID = EMOJI.repeat(64);
const MAX_ATTEMPTS = 1_000;

/** All that a result has besides its history, at its limit, in characters of four bytes. */
const LARGEST = {
  task: {
    path: LONGEST_NAME,
    queueName: LONGEST_NAME,
    priority: -100,
    runAfter: { seconds: 9_000_000_000n, nanos: 1_000 },
  },
  argsJson: `["${EMOJI.repeat((MIB - 8) / 4)}"]`,
  backend: LONGEST_NAME,
  metadata: new Map(Array.from({ length: 32 }, (_, i) => [`${EMOJI.repeat(61)}${10 + i}`, LONGEST_NAME])),
  attemptPolicy: { maxAttempts: MAX_ATTEMPTS },
};

const LARGEST_ERROR = {
  exceptionClassPath: EMOJI.repeat(1_000),
  message: EMOJI.repeat((64 * KIB) / 4),
  traceback: EMOJI.repeat((256 * KIB) / 4),
};

type More = Parameters<typeof RecordTransitionsRequest.fromPartial>[0]['more'];

/** `count` starts, each of which takes the task over from the one before. */
function takeovers(id: string, count: number): More {
  const value = { id, workerId: LONGEST_NAME, force: true };
  return Array.from({ length: count }, (_, i) => ({
    number: BigInt(i),
    transition: { $case: 'start' as const, value },
  }));
}

/** A result with as many attempts as there may be, most of them lost, one failed, and the last one successful. */
async function makeLargest(calls: Calls, service: TestService, id: string): Promise<void> {
  await calls.create(id, LARGEST);
  await send(service, 'RecordTransitions', { more: takeovers(id, MAX_ATTEMPTS - 1) });
  await until(async () => (await calls.get(id, { view: BASIC })).attempts === MAX_ATTEMPTS - 1, 'all are taken over');
  await calls.failAttempt(id, MAX_ATTEMPTS - 1, true, LARGEST_ERROR);
  await calls.start(id, LONGEST_NAME);
  await calls.succeed(id, MAX_ATTEMPTS, `"${EMOJI.repeat((MIB - 4) / 4)}"`);
}

function sizeOf(name: RpcName, answer: unknown): number {
  return RPCS[name].method.responseSerialize(answer).length;
}

describe('with default settings, at its largest', () => {
  let service: TestService;
  let calls: Calls;
  let largest: TaskResult;
  beforeAll(async () => {
    service = await startOn('sqlite');
    calls = callsOf(service);
    await makeLargest(calls, service, LONGEST_ID);
    largest = await calls.get(LONGEST_ID);
  });
  afterAll(() => service?.stop());

  const missing = Array.from({ length: 999 }, (_, i) => `${EMOJI.repeat(60)}${1_000 + i}`);
  const version = () => ({ incarnation: largest.incarnation, revision: 1n });
  const longLabel = new Map([[EMOJI.repeat(63), 'x'.repeat(256)]]);
  const refused = { $case: 'create', value: createRequest({ id: LONGEST_ID, metadata: longLabel }) };

  /** Requests whose answers are the largest, by RPC: at least one for each of them. */
  const REQUESTS: Record<RpcName, () => object[]> = {
    CreateTaskResult: () => [createRequest({ id: LONGEST_ID, ...LARGEST })],
    StartAttempt: () => [{ id: 'short', workerId: LONGEST_NAME, lease: ms(60_000) }],
    RenewLease: () => [{ id: 'short', attempt: 1, lease: ms(60_000) }],
    FinishAttempt: () => [
      { id: 'short', attempt: 1, outcome: { $case: 'failed', value: { error: LARGEST_ERROR, retry: true } } },
    ],
    FailTaskResult: () => [{ id: 'short', error: LARGEST_ERROR }],
    DeleteTaskResult: () => [{ id: 'short' }],
    RecordTransitions: () => [
      { more: Array.from({ length: 1_000 }, (_, i) => ({ number: BigInt(i), transition: refused })) },
    ],
    GetTaskResult: () => [{ id: LONGEST_ID }, { id: LONGEST_ID, view: BASIC }],
    BatchGetTaskResults: () => [{ ids: [LONGEST_ID, ...missing] }, { ids: [...missing, LONGEST_ID], view: BASIC }],
    RefreshTaskResult: () => [{ id: LONGEST_ID }, { id: LONGEST_ID, known: version() }],
    BatchRefreshTaskResults: () => [
      { taskResults: [LONGEST_ID, ...missing].map((id) => ({ id })) },
      { taskResults: [{ id: LONGEST_ID, known: version() }, ...missing.map((id) => ({ id }))] },
    ],
    WaitTaskResult: () => [{ id: LONGEST_ID }],
    ListTaskResults: () => [{ pageSize: 1, view: FULL }, { pageSize: 1_000, view: FULL }, { pageSize: 1_000 }],
    WatchTaskResults: () => [
      { target: byIds(LONGEST_ID) },
      { target: { $case: 'filter', value: { taskPath: LONGEST_NAME } }, view: FULL },
    ],
  };

  test.each(RPC_NAMES)('every answer of %s is below 4 MiB', async (name) => {
    if (name === 'StartAttempt') await calls.create('short');
    for (const request of REQUESTS[name]()) {
      // The client takes no more by itself, either.
      const size = sizeOf(name, await send(service, name, request));
      expect(size).toBeLessThan(4 * MIB);
    }
  });

  test('a result shows its newest history and all of its numbers', () => {
    expect(largest).toMatchObject({ attempts: MAX_ATTEMPTS, errorCount: MAX_ATTEMPTS - 1 });
    expect(largest.workerIds.length).toBeGreaterThan(200);
    const attempts = largest.errors.map(({ attempt }) => attempt);
    expect(attempts.length).toBeGreaterThan(500);
    expect(attempts).toEqual(attempts.map((_, i) => MAX_ATTEMPTS - attempts.length + i));
    expect(largest.errors.at(-1)).toMatchObject(LARGEST_ERROR);
    const size = TaskResultMessage.encode(largest).finish().length;
    expect(size).toBeGreaterThan(3.2 * MIB);
    // So that there is room for all that an answer has besides.
    expect(size).toBeLessThan(3.5 * MIB);
  });

  test('a result in the view BASIC is below 64 KiB', async () => {
    const basic = await calls.get(LONGEST_ID, { view: BASIC });
    expect(basic).toMatchObject({ attempts: MAX_ATTEMPTS, errorCount: MAX_ATTEMPTS - 1, workerIds: [LONGEST_NAME] });
    expect(basic.errors).toHaveLength(1);
    expect(basic.errors[0]?.message).toMatch(/^(😀){2048}\n\[cut: /);
    const size = TaskResultMessage.encode(basic).finish().length;
    expect(size).toBeGreaterThan(50 * KIB);
    expect(size).toBeLessThan(64 * KIB);
  });

  test('a page of the largest in the view BASIC is below 4 MiB, and the pages show all of them', async () => {
    const { argsJson, ...small } = LARGEST;
    const ids = Array.from({ length: 100 }, (_, i) => `page-${100 + i}`);
    const task = { ...LARGEST.task, path: 'pages' };
    await Promise.all(ids.map((id) => calls.create(id, { ...small, task })));
    await Promise.all(ids.map((id) => calls.fail(id, LARGEST_ERROR)));
    const seen: string[] = [];
    for (let pageToken = '', pages = 0; pages === 0 || pageToken !== ''; pages++) {
      const page = await calls.list({ filter: { taskPath: 'pages' }, pageSize: 1_000, pageToken });
      expect(sizeOf('ListTaskResults', page)).toBeLessThan(4 * MIB);
      seen.push(...idsOf(page));
      pageToken = page.nextPageToken;
    }
    expect(seen.sort()).toEqual(ids);
  });
});

/** All results of a filter, page by page with one on each. */
async function listed(calls: Calls, taskPath: string, view?: TaskResultView): Promise<TaskResult[]> {
  const seen: TaskResult[] = [];
  let pageToken = '';
  do {
    const page = await calls.list({ filter: { taskPath }, pageSize: 1, pageToken, view });
    seen.push(...page.taskResults);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return seen;
}

/** What a watch by filter tells until it knows of `count` results. */
async function watched(service: TestService, taskPath: string, count: number, view?: TaskResultView) {
  const { stream, events } = openWatch(service.reads, { target: { $case: 'filter', value: { taskPath } }, view });
  await until(() => events.length === count, 'all are told');
  stream.cancel();
  return events.flatMap((event) => (event.$case === 'snapshot' ? [event.value] : []));
}

describe('list and watch get past', () => {
  const PATH = 'app.tasks.of-any-size';

  test('a result of 4,600 attempts, each with an error', async () => {
    const { database, drop } = await temporaryDatabase('sqlite');
    const store = await openStore(database, {
      clock: () => Date.now() * 1_000,
      retention: { afterFinish: null },
      whenOutdated: 'migrate',
    });
    const task = { ...create('x').task, path: PATH };
    // More than a caller may ask for today.
    await store.transact([create('a', { task }), create('tried', { task, maxAttempts: 5_000 }), create('z', { task })]);
    const error = { exceptionClassPath: 'app.Error', message: 'm'.repeat(1_000), traceback: '' };
    const attempts = Array.from({ length: 4_600 }, (_, i) => i + 1);
    for (let first = 0; first < attempts.length; first += MAX_COMMANDS / 2) {
      const some = attempts.slice(first, first + MAX_COMMANDS / 2);
      await store.transact(
        some.flatMap((attempt) => [
          start('tried', `w${attempt}`),
          failAttempt('tried', attempt, { error, retry: true }),
        ]),
      );
    }
    await store.close();
    const service = await serve(database);
    try {
      for (const view of [undefined, FULL]) {
        const ids = ['a', 'tried', 'z'];
        expect((await listed(callsOf(service), PATH, view)).map(({ id }) => id).sort()).toEqual(ids);
        expect((await watched(service, PATH, 3, view)).map(({ id }) => id).sort()).toEqual(ids);
      }
      const whole = await callsOf(service).get('tried');
      expect(whole).toMatchObject({ attempts: 4_600, errorCount: 4_600 });
      expect(whole.errors.map(({ attempt }) => attempt)).toEqual(attempts.slice(-515));
      expect(whole.workerIds).toEqual(attempts.map((attempt) => `w${attempt}`));
    } finally {
      await service.stop();
      await drop();
    }
  });

  test('a result that larger limits let in: it comes in the view BASIC', async () => {
    const limits = { ...testConfig({ engine: 'sqlite', file: '' }).limits, maxJsonSize: 16 * MIB };
    const service = await startOn('sqlite', { limits: { ...limits, maxMessageSize: 40 * MIB } });
    try {
      const calls = callsOf(service);
      const task = { path: PATH };
      await calls.create('a', { task, argsJson: '[1]' });
      await calls.create('large', { task, argsJson: `["${'x'.repeat(5 * MIB)}"]` });
      await calls.create('z', { task, argsJson: '[3]' });
      const expected = { a: '[1]', large: '', z: '[3]' };
      const argsOf = (results: TaskResult[]) => Object.fromEntries(results.map(({ id, argsJson }) => [id, argsJson]));
      expect(argsOf(await listed(calls, PATH, FULL))).toEqual(expected);
      expect(argsOf(await watched(service, PATH, 3, FULL))).toEqual(expected);
      expect(argsOf(await listed(calls, PATH))).toEqual({ a: '', large: '', z: '' });
      expect(argsOf(await watched(service, PATH, 3))).toEqual({ a: '', large: '', z: '' });
    } finally {
      await service.stop();
    }
  });
});
