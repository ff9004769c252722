import { InvalidFieldError, type TaskResults } from '../src/index';
import { Fixture, finish, freshId } from './support/fixture';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
});

afterAll(() => fixture.remove());

test('many at once, in the order asked, more than one call takes', async () => {
  const ids = Array.from({ length: 1_200 }, freshId);
  await Promise.all(ids.map((id) => client.register({ path: 'app.tasks.many', id })));
  const asked = [...ids, 'nobody', ids[0] as string].reverse();
  const { found, missing } = await client.getMany(asked);
  expect(found.map(({ id }) => id)).toEqual([ids[0], ...[...ids].reverse().slice(0, -1)]);
  expect(missing).toEqual(['nobody']);
  expect(await client.getMany([])).toEqual({ found: [], missing: [] });
});

test('more than one answer holds is asked for again', async () => {
  const ids = Array.from({ length: 5 }, freshId);
  await Promise.all(ids.map((id) => client.register({ path: 'app.tasks.large', id, args: ['x'.repeat(900_000)] })));
  const { found, missing } = await client.getMany(ids);
  expect(found.map(({ id }) => id)).toEqual(ids);
  expect(missing).toEqual([]);
  expect((await client.getMany(ids, { view: 'BASIC' })).found.map(({ argsJson }) => argsJson)).toEqual(
    ids.map(() => null),
  );
});

test('a list goes through all pages, newest first', async () => {
  const ids = Array.from({ length: 7 }, freshId);
  for (const id of ids) await client.register({ path: 'app.tasks.listed', id });
  const listed: string[] = [];
  for await (const { id } of client.list({ path: 'app.tasks.listed' }, { pageSize: 3 })) listed.push(id);
  expect(listed).toEqual(ids.reverse());
});

test('a list holds what is small, unless the whole is asked for', async () => {
  const path = 'app.tasks.listed-whole';
  const { id } = await client.create({ path, args: [1] });
  await finish(client, id);
  const [result] = (await client.listPage({ path })).results;
  expect(result).toMatchObject({ status: 'SUCCESSFUL', attempts: 1, argsJson: null, returnValueJson: null });
  expect((await client.listPage({ path }, { view: 'FULL' })).results).toEqual([await client.get(id)]);
});

test('pages are fetched as they are consumed', async () => {
  const page = await client.listPage({ path: 'app.tasks.listed' }, { pageSize: 3 });
  expect(page.results).toHaveLength(3);
  const next = await client.listPage({ path: 'app.tasks.listed' }, { pageSize: 10, pageToken: page.nextPageToken });
  expect(next.results).toHaveLength(4);
  expect(next.nextPageToken).toBe('');

  let before = 0;
  for await (const _ of client.list({ path: 'app.tasks.listed' }, { pageSize: 3 })) {
    if (++before === 3) break;
  }
});

test('every condition of a filter', async () => {
  const path = 'app.tasks.filtered';
  const [a, b] = [freshId(), freshId()];
  const first = await client.create({ path, id: a, queueName: 'slow', backend: 'redis', metadata: { tenant: 'acme' } });
  await client.create({ path, id: b });
  await finish(client, b);
  const ids = async (filter: Parameters<typeof client.list>[0]) => {
    const found: string[] = [];
    for await (const { id } of client.list({ path, ...filter })) found.push(id);
    return found;
  };
  expect(await ids({})).toEqual([b, a]);
  expect(await ids({ statuses: ['READY', 'RUNNING'] })).toEqual([a]);
  expect(await ids({ queueName: 'slow' })).toEqual([a]);
  expect(await ids({ backend: 'redis' })).toEqual([a]);
  expect(await ids({ workerId: 'w' })).toEqual([b]);
  expect(await ids({ metadata: { tenant: 'acme' } })).toEqual([a]);
  expect(await ids({ finished: { start: new Date(0) } })).toEqual([b]);
  expect(await ids({ enqueued: { end: first.enqueuedAt } })).toEqual([]);
  expect(await ids({ enqueued: { start: first.enqueuedAt } })).toEqual([b, a]);
});

test('what has changed since a version', async () => {
  const created = await client.create({ path: 'app.tasks.changed' });
  const { id, incarnation } = created;
  const started = await client.startAttempt(id, 'w');
  expect(await client.changesSince(id, started)).toBeNull();
  const changes = await client.changesSince(id, created);
  expect(changes).toMatchObject({ status: 'RUNNING', incarnation, revision: 2, workerIds: ['w'] });
  expect(changes).not.toHaveProperty('task');
});

test('of another creation, or when nothing is known, everything has changed', async () => {
  const created = await client.create({ path: 'app.tasks.changed' });
  const { id } = created;
  await client.delete(id);
  await client.create({ path: 'app.tasks.other', id, args: [7] });
  const whole = { task: { path: 'app.tasks.other' }, argsJson: '[7]', status: 'READY', revision: 1 };
  expect(await client.changesSince(id, created)).toMatchObject(whole);
  expect(await client.changesSince(id, { incarnation: 0, revision: 0 })).toMatchObject(whole);
  expect(await client.changesSince(id, created, { view: 'BASIC' })).toMatchObject({ ...whole, argsJson: null });
  await expect(client.changesSince(id, { incarnation: 1.5, revision: 1 })).rejects.toThrow(InvalidFieldError);
});
