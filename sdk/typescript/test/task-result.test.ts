import { setTimeout as delay } from 'node:timers/promises';
import {
  losslessJson,
  NotDecodableError,
  PreciseDate,
  RawJson,
  TaskFailedError,
  TaskNotFinishedError,
  TaskResult,
  type TaskResultChanges,
  TaskResultDoesNotExistError,
  type TaskResultFields,
  type TaskResults,
} from '../src/index';
import type { TaskResultSource } from '../src/task-result';
import { Fixture, finish, freshId } from './support/fixture';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
});

afterAll(() => fixture.remove());

test('a new handle is the same as one that is read', async () => {
  const created = await client.create({
    path: 'app.tasks.send_mail',
    args: ['ada@example.com', 2n ** 70n],
    kwargs: { subject: 'Grüße' },
    priority: -7,
    runAfter: PreciseDate.fromISOString('2030-01-02T03:04:05.678901Z'),
    takesContext: true,
    metadata: { tenant: 'acme', ключ: 'значение' },
  });
  expect(created.task.queueName).toBe('default');
  expect(created.task.runAfter?.toISOString()).toBe('2030-01-02T03:04:05.678901Z');
  expect(created.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(await client.get(created.id)).toEqual(created);
  expect(await client.create({ path: 'app.tasks.plain', id: freshId() })).toMatchObject({
    args: [],
    kwargs: {},
    backend: 'default',
    metadata: {},
    revision: 1,
  });
});

test('it never changes by itself, and refresh replaces what can change, in place', async () => {
  const handle = await client.create<string>({ path: 'app.tasks.flaky', args: [1] });
  const { id } = handle;
  await client.startAttempt(id, 'w1');
  await client.fail(id, 1, new TypeError('no'), { retry: true });
  await client.startAttempt(id, 'w2');
  expect(handle).toMatchObject({ status: 'READY', revision: 1, attempts: 0, startedAt: null, isFinished: false });
  expect(() => handle.returnValue).toThrow(TaskNotFinishedError);

  const { args } = handle;
  expect(await handle.refresh()).toBe(handle);
  expect(handle).toMatchObject({ status: 'RUNNING', revision: 4, attempts: 2, workerIds: ['w1', 'w2'] });
  expect(handle.errors).toMatchObject([{ exceptionClassPath: 'TypeError', message: 'no', attempt: 1, workerId: 'w1' }]);
  expect(handle.lastAttemptedAt?.getTime()).toBeGreaterThanOrEqual(handle.startedAt?.getTime() as number);
  expect(() => handle.returnValue).toThrow('Task has not finished yet');

  await client.succeed(id, 2, 'done');
  await handle.refresh();
  expect(handle).toMatchObject({ status: 'SUCCESSFUL', returnValue: 'done', isFinished: true, attempts: 2 });
  expect(handle.finishedAt).toBeInstanceOf(PreciseDate);
  expect(handle.args).toBe(args);
});

test('a task may be tried as often as its creator says, 100 times by default', async () => {
  const handle = await client.create({ path: 'app.tasks.limited', maxAttempts: 2 });
  expect(handle).toMatchObject({ maxAttempts: 2, attempts: 0, errorCount: 0 });
  const { id } = handle;
  for (const attempt of [1, 2]) {
    await client.startAttempt(id, 'w');
    await client.fail(id, attempt, new Error('no'), { retry: true });
  }
  expect(await handle.refresh()).toMatchObject({ status: 'FAILED', maxAttempts: 2, attempts: 2, errorCount: 2 });
  expect(await client.get(id)).toEqual(handle);
  const unlimited = await client.create({ path: 'app.tasks.limited' });
  expect(unlimited.maxAttempts).toBe(100);
  expect(await client.get(unlimited.id)).toEqual(unlimited);
});

test('null is a return value, and so is what a function without one returns', async () => {
  const { id } = await client.create({ path: 'app.tasks.nothing' });
  await client.startAttempt(id, 'w');
  await client.succeed(id, 1);
  const handle = await client.get(id);
  expect(handle.returnValue).toBeNull();
  expect(handle.returnValueJson).toBe('null');
});

test('the return value of a failed task', async () => {
  const { id } = await client.create({ path: 'app.tasks.gone' });
  await client.failTask(id, { exceptionClassPath: 'builtins.ImportError', message: 'no such task' });
  const handle = await client.get(id);
  expect(handle).toMatchObject({ isFinished: true, attempts: 0 });
  expect(() => handle.returnValue).toThrow(new TaskFailedError(handle.errors));
  expect(() => handle.returnValue).toThrow(expect.objectContaining({ reason: 'TASK_FAILED', message: 'Task failed' }));
  expect(new TaskFailedError(handle.errors).errors).toMatchObject([{ message: 'no such task', attempt: 0 }]);
});

test('a refresh of what is deleted throws, and the handle keeps what it had', async () => {
  const handle = await client.create({ path: 'app.tasks.gone' });
  const before = { ...handle };
  await client.delete(handle.id);
  await expect(handle.refresh()).rejects.toThrow(TaskResultDoesNotExistError);
  expect({ ...handle }).toEqual(before);
});

test('a refresh that finds nothing new changes nothing', async () => {
  const handle = await client.create({ path: 'app.tasks.same' });
  const { metadata, workerIds } = handle;
  await handle.refresh();
  expect(handle.metadata).toBe(metadata);
  expect(handle.workerIds).toBe(workerIds);
});

test('of two refreshes at a time, the newer state stays, whichever answer comes last', async () => {
  const created = await client.create({ path: 'app.tasks.race' });
  await client.startAttempt(created.id, 'w');
  const older = await client.changesSince(created.id, created);
  await client.succeed(created.id, 1, 'done');
  const newer = await client.changesSince(created.id, created);

  const handle = answering(created, [delay(100, older), Promise.resolve(newer)]);
  await Promise.all([handle.refresh(), handle.refresh()]);
  expect(handle).toMatchObject({ revision: 3, status: 'SUCCESSFUL', returnValue: 'done' });
});

test('a late answer about a deleted result does not bring it back', async () => {
  const created = await client.create({ path: 'app.tasks.race' });
  const { id } = created;
  await client.startAttempt(id, 'w');
  const older = await client.changesSince(id, created);
  await client.delete(id);
  await client.create({ path: 'app.tasks.anew', id });
  const newer = await client.changesSince(id, created);

  const handle = answering(created, [delay(100, older), Promise.resolve(newer)]);
  await Promise.all([handle.refresh(), handle.refresh()]);
  expect(handle).toMatchObject({ task: { path: 'app.tasks.anew' }, revision: 1, status: 'READY', workerIds: [] });
});

test('a refresh of a result that was created anew replaces everything', async () => {
  const handle = await client.create({ path: 'app.tasks.old', args: ['old'], kwargs: { k: 'old' }, backend: 'old' });
  expect(handle.args).toEqual(['old']);
  const { id, incarnation } = handle;
  await client.delete(id);
  const anew = await client.create({ path: 'app.tasks.anew', id, args: ['new'], metadata: { tenant: 'acme' } });
  await handle.refresh();
  expect({ ...handle }).toEqual({ ...anew });
  expect(handle).toMatchObject({ args: ['new'], kwargs: {}, backend: 'default' });
  expect(handle.incarnation).toBeGreaterThan(incarnation);
});

test('a text that cannot be read is told, and can be had', async () => {
  const text = `[12345678901234567890,${'['.repeat(100_000)}${']'.repeat(100_000)}]`;
  const handle = await client.create({ path: 'app.tasks.deep', args: new RawJson(text) });
  expect(() => handle.args).toThrow(NotDecodableError);
  expect(() => handle.args).toThrow('nested too deeply');
  expect(handle.argsJson).toBe(text);
});

/** A handle whose refreshes get these answers, in this order. */
function answering(fields: TaskResultFields, answers: Promise<TaskResultChanges | null>[]): TaskResult {
  return new TaskResult(
    { json: losslessJson, changesSince: () => answers.shift() } as unknown as TaskResultSource,
    fields,
  );
}

test('JSON texts stay as they are stored, and integers are not rounded', async () => {
  const { id } = await client.create({ path: 'app.tasks.big', args: [9007199254740993n], kwargs: { n: -(2n ** 63n) } });
  await finish(client, id, { big: 12345678901234567890123n, small: 1 });
  const handle = await client.get(id);
  expect(handle.argsJson).toBe('[9007199254740993]');
  expect(handle.args).toEqual([9007199254740993n]);
  expect(handle.kwargs).toEqual({ n: -(2n ** 63n) });
  expect(handle.returnValue).toEqual({ big: 12345678901234567890123n, small: 1 });
});

test('the BASIC view leaves values out, and says so', async () => {
  const { id } = await client.create({ path: 'app.tasks.basic', args: [1] });
  await finish(client, id, 1);
  const handle = await client.get(id, { view: 'BASIC' });
  expect(handle).toMatchObject({ argsJson: null, kwargsJson: null, returnValueJson: null, status: 'SUCCESSFUL' });
  for (const name of ['args', 'kwargs', 'returnValue'] as const) {
    expect(() => handle[name]).toThrow('left out of the BASIC view');
  }
});

test('a JSON format of the caller', async () => {
  const json = { ...losslessJson, parse: (text: string) => ({ text }) };
  const own = fixture.client({ json });
  const { id } = await own.create({ path: 'app.tasks.own', args: [1] });
  expect((await own.get(id)).args).toEqual({ text: '[1]' });
});

test('watch yields new handles until the last, and leaves its own as it is', async () => {
  const handle = await client.create<number>({ path: 'app.tasks.watched' });
  const seen: TaskResult<number>[] = [];
  const watching = (async () => {
    for await (const now of handle.watch()) seen.push(now);
  })();
  await finish(client, handle.id, 3);
  await watching;
  expect(seen.at(-1)).toMatchObject({ revision: 3, returnValue: 3 });
  expect(seen.map(({ revision }) => revision)).toEqual([...seen.map(({ revision }) => revision)].sort());
  expect(seen[0]?.revision).toBeGreaterThan(1);
  expect(handle).toMatchObject({ revision: 1, status: 'READY' });

  for await (const _ of (seen.at(-1) as TaskResult).watch()) throw new Error('nothing newer can come');
});
