import { NotEncodableError, RawJson, TaskResultDoesNotExistError, type TaskResults } from '../src';
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
  expect(await client.startAttempt(id, 'w1', { leaseMs: 60_000 })).toEqual(started);
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
  await client.delete(id, { revision: 1 });
  await expect(client.delete(id)).rejects.toThrow(TaskResultDoesNotExistError);
  await client.delete(id, { allowMissing: true });
});
