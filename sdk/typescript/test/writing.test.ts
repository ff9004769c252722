import {
  AttemptInProgressError,
  InvalidFieldError,
  NotEncodableError,
  RawJson,
  RevisionMismatchError,
  StaleAttemptError,
  TaskResultDoesNotExistError,
  TaskResultMismatchError,
  TaskResults,
  type TaskResultVersion,
} from '../src/index';
import { Fixture, finish, freshId } from './support/fixture';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
});

afterAll(() => fixture.remove());

test('a create repeated answers what became of the result', async () => {
  const task = { path: 'app.tasks.again', id: freshId(), args: [1] };
  await client.create(task);
  await finish(client, task.id, 2);
  expect(await client.create(task)).toMatchObject({ revision: 3, returnValue: 2, workerIds: ['w'] });
  expect(await client.register(task)).toMatchObject({ revision: 3, attempts: 1, leaseExpiresAt: null });
});

test('a create repeated never answers another task that has the id by then', async () => {
  const task = { path: 'app.tasks.again', id: freshId() };
  await client.create(task);
  await finish(client, task.id);
  /** Between the create and the reading, the result is deleted and another task is registered. */
  class Overtaken extends TaskResults {
    override async get<T>(...given: Parameters<TaskResults['get']>) {
      await client.delete(task.id);
      await client.create({ path: 'app.tasks.another', id: task.id });
      return super.get<T>(...given);
    }
  }
  const overtaken = new Overtaken(fixture.server.address);
  try {
    await expect(overtaken.create(task)).rejects.toThrow(TaskResultMismatchError);
  } finally {
    overtaken.close();
  }
});

test('JSON text is sent byte for byte', async () => {
  const id = freshId();
  const texts = ['[1, 1.0,  1e2, -0.0, "\\u00e9é"]', '{"b":1,  "a":1.0}', ' 1.0 '] as const;
  const created = await client.create({ path: 'x', id, args: new RawJson(texts[0]), kwargs: new RawJson(texts[1]) });
  expect([created.argsJson, created.kwargsJson]).toEqual(texts.slice(0, 2));
  await finish(client, id, new RawJson(texts[2]));
  const { argsJson, kwargsJson, returnValueJson } = await client.get(id);
  expect([argsJson, kwargsJson, returnValueJson]).toEqual(texts);
});

test('what is no JSON is refused before anything is sent', async () => {
  const id = freshId();
  await expect(client.create({ path: 'x', id, args: [Number.NaN] })).rejects.toThrow(NotEncodableError);
  await expect(client.create({ path: 'x', id, kwargs: { n: Number.POSITIVE_INFINITY } })).rejects.toMatchObject({
    reason: 'NOT_ENCODABLE',
    code: null,
  });
  await expect(client.get(id)).rejects.toThrow(TaskResultDoesNotExistError);
});

test('a lease, its renewal, and a take-over', async () => {
  const { id } = await client.create({ path: 'x' });
  const started = await client.startAttempt(id, 'w1', { leaseMs: 60_000 });
  expect(started).toMatchObject({ attempt: 1, status: 'RUNNING', revision: 2 });
  const renewed = await client.renewLease(id, 1, 120_000);
  const lease = (renewed.leaseExpiresAt?.getTime() ?? 0) - (started.leaseExpiresAt?.getTime() ?? 0);
  expect(lease).toBeGreaterThanOrEqual(60_000);
  expect((await client.startAttempt(id, 'w2', { force: true })).attempt).toBe(2);
  expect((await client.get(id)).errors).toMatchObject([{ attempt: 1, workerId: 'w1' }]);
});

test('what was thrown is reported with its class, message and stack, causes included', async () => {
  class DiskFull extends Error {}
  const { id } = await client.create({ path: 'x' });
  const thrown = [
    new DiskFull('no space', { cause: new RangeError('too much') }),
    'just text',
    { code: 7 },
    null,
    { exceptionClassPath: '*net.OpError', message: 'отказ 🚫' },
  ];
  for (const [i, error] of thrown.entries()) {
    await client.startAttempt(id, 'w');
    await client.fail(id, i + 1, error, { retry: true });
  }
  const { errors, status } = await client.get(id);
  expect(status).toBe('READY');
  expect(errors.map(({ exceptionClassPath, message }) => [exceptionClassPath, message])).toEqual([
    ['DiskFull', 'no space'],
    ['string', 'just text'],
    ['object', '{ code: 7 }'],
    ['null', 'null'],
    ['*net.OpError', 'отказ 🚫'],
  ]);
  expect(errors[0]?.traceback).toMatch(
    /no space\n {4}at .*writing\.test\.ts[\s\S]*\n\[cause\]: RangeError: too much\n/,
  );
});

test('delete', async () => {
  const { id } = await client.create({ path: 'x' });
  await client.delete(id);
  await expect(client.delete(id)).rejects.toThrow(TaskResultDoesNotExistError);
  await client.delete(id, { allowMissing: true });
});

test('delete takes a version, which may be a handle or a state', async () => {
  const created = await client.create({ path: 'x' });
  const { id } = created;
  const started = await client.startAttempt(id, 'w');
  await expect(client.delete(id, { version: created })).rejects.toThrow(RevisionMismatchError);
  await client.delete(id, { version: started });
  const anew = await client.create({ path: 'x', id });
  await expect(client.delete(id, { version: created })).rejects.toThrow(RevisionMismatchError);
  const anyRevision = ({ incarnation }: TaskResultVersion) => ({ incarnation, revision: 0 });
  await expect(client.delete(id, { version: anyRevision(created) })).rejects.toThrow(RevisionMismatchError);
  await client.delete(id, { version: anyRevision(anew) });
});

test('a start with the same request id is the same attempt, any other start is another one', async () => {
  const { id } = await client.create({ path: 'x' });
  const started = await client.startAttempt(id, 'w', { requestId: 'delivery-1' });
  expect(await client.startAttempt(id, 'w', { requestId: 'delivery-1' })).toEqual(started);
  await expect(client.startAttempt(id, 'w', { requestId: 'delivery-2' })).rejects.toThrow(AttemptInProgressError);
  await expect(client.startAttempt(id, 'w')).rejects.toThrow(AttemptInProgressError);
});

test('a repetition of a start that comes late starts nothing', async () => {
  const { id } = await client.create({ path: 'x' });
  const again = () => client.startAttempt(id, 'w', { requestId: 'delivery-1' });
  await again();
  await client.fail(id, 1, 'busy', { retry: true });
  await expect(again()).rejects.toMatchObject({ reason: 'STALE_ATTEMPT' });
  await client.startAttempt(id, 'w');
  await expect(again()).rejects.toThrow(StaleAttemptError);
  await client.succeed(id, 2);
  await expect(again()).rejects.toThrow(StaleAttemptError);
  expect(await client.get(id)).toMatchObject({ status: 'SUCCESSFUL', attempts: 2 });
});

test('an attempt of a deleted result is none of the one created anew', async () => {
  const { id } = await client.create({ path: 'x' });
  const { incarnation } = await client.startAttempt(id, 'w1');
  await client.delete(id);
  await client.create({ path: 'x', id, args: ['other'] });
  await client.startAttempt(id, 'w2');
  for (const late of [
    client.renewLease(id, 1, 60_000, { incarnation }),
    client.succeed(id, 1, 'old', { incarnation }),
    client.fail(id, 1, 'old', { incarnation }),
  ]) {
    await expect(late).rejects.toThrow(StaleAttemptError);
  }
  expect(await client.get(id)).toMatchObject({ status: 'RUNNING', workerIds: ['w2'], errors: [] });
});

test('a lease is sent as it was given', async () => {
  const { id } = await client.create({ path: 'x' });
  const started = await client.startAttempt(id, 'w', { leaseMs: 57_999.999_999_999_99 });
  const leaseMs = (started.leaseExpiresAt?.getTime() ?? 0) - (started.lastAttemptedAt?.getTime() ?? 0);
  expect(leaseMs).toBeGreaterThanOrEqual(57_999);
  for (const leaseMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_VALUE]) {
    await expect(client.renewLease(id, 1, leaseMs)).rejects.toThrow(InvalidFieldError);
  }
});

test('texts that are no Unicode are refused rather than changed on their way', async () => {
  const broken = 'id-\ud800';
  const calls: [string, Promise<unknown>][] = [
    ['id', client.create({ path: 'x', id: broken })],
    ['task.path', client.create({ path: broken })],
    ['metadata', client.create({ path: 'x', metadata: { [broken]: '' } })],
    ['args_json', client.create({ path: 'x', args: new RawJson('["\ud800"]') })],
    ['ids[1]', client.getMany(['x', broken])],
    ['worker_id', client.startAttempt('x', broken)],
    ['succeeded.return_value_json', client.succeed('x', 1, new RawJson('"\ud800"'))],
    ['id', client.wait(broken)],
    ['ids.task_results[0].id', client.watchEvents({ ids: [broken] }).next()],
  ];
  for (const [field, call] of calls) {
    await expect(call).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [field] });
  }
});

test('a time that is none is refused', async () => {
  const runAfter = new Date(Number.NaN);
  await expect(client.create({ path: 'x', runAfter })).rejects.toMatchObject({ fields: ['run_after'] });
});
