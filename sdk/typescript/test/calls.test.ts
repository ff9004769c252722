import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { TaskResult } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  type GetTaskResultRequest,
  type GetTaskResultResponse,
  TaskResultServiceService,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { Link } from '../../../test/support/link';
import { until } from '../../../test/support/until';
import { CancelledError, InvalidFieldError, TaskResults, TaskResultsError, UnauthenticatedError } from '../src/index';
import { Fixture, freshId } from './support/fixture';
import { TappedLink } from './support/tapped-link';

type Answer = sendUnaryData<GetTaskResultResponse>;

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start({ token: 'secret' });
  client = fixture.client({ token: 'secret' });
});

afterAll(() => fixture.remove());

test('the token goes with calls and streams', async () => {
  const { id } = await client.create({ path: 'app.tasks.secret' });
  for await (const { status } of client.watch(id)) {
    expect(status).toBe('READY');
    break;
  }
  const wrong = fixture.client({ token: 'wrong' });
  await expect(wrong.get(id)).rejects.toThrow(UnauthenticatedError);
  await expect(wrong.wait(id)).rejects.toThrow(UnauthenticatedError);
  await expect(
    fixture
      .client()
      .watchEvents({ ids: [id] })
      .next(),
  ).rejects.toThrow(UnauthenticatedError);
});

test('a call has a deadline', async () => {
  const link = await Link.to(fixture.server.port);
  const stalled = fixture.client({ target: `127.0.0.1:${link.port}`, token: 'secret', timeoutMs: 300 });
  try {
    await stalled.getMany(['x'], { timeoutMs: 60_000 });
    link.stall();
    const startedAt = performance.now();
    await expect(stalled.get('x')).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED', code: 4 });
    expect(performance.now() - startedAt).toBeGreaterThan(250);
    await expect(stalled.get('x', { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  } finally {
    await link.close();
  }
});

const DAY_MS = 24 * 60 * 60 * 1_000;

test.each([
  ['Infinity', Number.POSITIVE_INFINITY],
  ['the greatest number', Number.MAX_VALUE],
  ['30 days', 30 * DAY_MS],
])('a call that may take %s is sent with a deadline that every server understands', async (_, timeoutMs) => {
  // As a server is that nobody has taught to read longer ones.
  const deadlines: number[] = [];
  const bare = new Server();
  bare.addService(TaskResultServiceService, {
    getTaskResult: (call: ServerUnaryCall<GetTaskResultRequest, GetTaskResultResponse>, answer: Answer) => {
      deadlines.push(Number(call.getDeadline()) - Date.now());
      setTimeout(() => answer(null, { taskResult: TaskResult.create({ id: call.request.id }) }), 20);
    },
  });
  const port = await new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    bare.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const patient = new TaskResults(`127.0.0.1:${port}`, { timeoutMs });
  try {
    for (let i = 0; i < 20; i++) expect((await patient.get(`${i}`)).id).toBe(`${i}`);
    for (const ms of deadlines) expect(Math.round(ms / DAY_MS)).toBe(24);
  } finally {
    patient.close();
    bare.forceShutdown();
  }
});

test('a call without any time fails, and one whose time is no number is refused', async () => {
  await expect(client.get('x', { timeoutMs: 0 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  await expect(client.get('x', { timeoutMs: -1 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  const endless = { timeoutMs: Number.NEGATIVE_INFINITY };
  await expect(client.get('x', endless)).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  const nobody = fixture.client({ target: '127.0.0.1:1' });
  await expect(nobody.get('x', endless)).rejects.toThrow(TaskResultsError);
  await expect(client.get('x', { timeoutMs: Number.NaN })).rejects.toMatchObject({ fields: ['timeoutMs'] });
  expect(() => new TaskResults('x', { timeoutMs: Number.NaN })).toThrow(InvalidFieldError);
});

test.each(['secret\n', 'two\r\nlines', ' secret', 'secret ', 'sécret', 'se\u0000cret', ''])(
  'a token that cannot stand in a header is refused, and not quoted: %j',
  (token) => {
    let error: unknown;
    try {
      new TaskResults(fixture.server.address, { token }).close();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(InvalidFieldError);
    expect(error).toMatchObject({ reason: 'INVALID_FIELD', fields: ['token'] });
    expect(String((error as Error).stack)).not.toMatch(/secret|lines|cret/);
  },
);

test('calls are repeated until the server is back', async () => {
  const id = freshId();
  await client.register({ path: 'app.tasks.outage', id });
  await fixture.server.kill();
  const answers = Promise.all([
    client.create({ path: 'app.tasks.outage', id: freshId() }),
    client.get(id),
    client.startAttempt(id, 'w'),
    client.delete(freshId(), { allowMissing: true }),
  ]);
  // Not in their mind to wait for anybody.
  await expect(client.delete(id)).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  await expect(fixture.client({ token: 'secret', retry: false }).get(id)).rejects.toMatchObject({
    reason: 'UNAVAILABLE',
  });
  await fixture.server.restart();
  const [created, , started] = await answers;
  expect(created.revision).toBe(1);
  expect(started.attempt).toBe(1);
});

test('repeating ends with the deadline', async () => {
  const nobody = fixture.client({ target: '127.0.0.1:1', timeoutMs: 500 });
  const startedAt = performance.now();
  await expect(nobody.get('x')).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  expect(performance.now() - startedAt).toBeLessThan(9_000);
});

test('a signal ends a call', async () => {
  const link = await TappedLink.to(fixture.server.port);
  const stalled = fixture.client({ target: link.address, token: 'secret' });
  try {
    await stalled.getMany(['x']);
    link.mute();
    const stop = new AbortController();
    const calls = [stalled.get('x', { signal: stop.signal }), stalled.list({}, { signal: stop.signal }).next()];
    await until(() => link.open === 2, 'both are under way');
    stop.abort(new Error('enough'));
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ name: 'AbortError', reason: 'CANCELLED', cause: stop.signal.reason });
    }
    await expect(stalled.get('x', { signal: stop.signal })).rejects.toThrow(CancelledError);
    await until(() => link.open === 0, 'the server is told');
  } finally {
    await link.close();
  }
});

test('a signal ends the pause before a call is made again', async () => {
  const nobody = fixture.client({ target: '127.0.0.1:1', timeoutMs: 60_000 });
  await expect(nobody.get('x', { signal: AbortSignal.timeout(400) })).rejects.toThrow(CancelledError);
});

test('close ends all that is under way', async () => {
  const { id } = await client.create({ path: 'app.tasks.closed' });
  const own = fixture.client({ token: 'secret' });
  const watch = own.watch(id);
  const events = own.watchEvents({ ids: [id] });
  await Promise.all([watch.next(), events.next()]);
  const nobody = new TaskResults('127.0.0.1:1');
  const underWay = [own.wait(id), watch.next(), events.next(), nobody.get(id), nobody.wait(id)];
  for (const promise of underWay) promise.catch(() => {});
  own.close();
  nobody.close();
  for (const promise of underWay) {
    await expect(promise).rejects.toMatchObject({ reason: 'CANCELLED', message: 'the client is closed' });
  }
  for (const late of [own.get(id), own.wait(id), own.watchEvents({ ids: [id] }).next()]) {
    await expect(late).rejects.toThrow(CancelledError);
  }
  own.close();
});

test('everybody whom a close concerns gets an error of their own', async () => {
  const { id } = await client.create({ path: 'app.tasks.closed' });
  const own = fixture.client({ token: 'secret' });
  const nobody = new TaskResults('127.0.0.1:1');
  const underWay = [own.wait(id), own.wait(id), own.watch(id).next(), nobody.get(id), nobody.get(id)];
  const ended = Promise.allSettled(underWay);
  own.close();
  nobody.close();
  const errors = (await ended).map((outcome) => (outcome as PromiseRejectedResult).reason as Error);
  for (const error of errors) expect(error).toBeInstanceOf(CancelledError);
  expect(new Set(errors).size).toBe(underWay.length);
  expect(errors.map(({ cause }) => cause)).toEqual(underWay.map(() => undefined));
});

test('everybody whom a refusal concerns gets an error of their own', async () => {
  const wrong = fixture.client({ token: 'wrong' });
  const [first, second] = await Promise.allSettled([wrong.wait('a'), wrong.wait('a')]);
  expect([first, second]).toMatchObject([{ reason: { reason: 'UNAUTHENTICATED' } }, { status: 'rejected' }]);
  expect((first as PromiseRejectedResult).reason).not.toBe((second as PromiseRejectedResult).reason);
});

test('what is begun after a close opens nothing', async () => {
  const link = await TappedLink.to(fixture.server.port);
  try {
    const own = fixture.client({ target: link.address, token: 'secret' });
    const { id } = await own.create({ path: 'app.tasks.closed' });
    const opened = link.opened;
    const late = [own.watch(id), own.list(), own.watchEvents({ ids: [id] })];
    own.close();
    for (const iterator of late) await expect(iterator.next()).rejects.toThrow(CancelledError);
    expect(link.opened).toBe(opened);
  } finally {
    await link.close();
  }
});

test('a client can be disposed of', async () => {
  const own = new TaskResults(fixture.server.address, { token: 'secret' });
  own[Symbol.dispose]();
  await expect(own.get('x')).rejects.toThrow(TaskResultsError);
});
