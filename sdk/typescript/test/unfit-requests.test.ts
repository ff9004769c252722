import { InvalidFieldError, type TaskResultStatus, TaskResults, type TaskResultView } from '../src/index';
import { Fixture, freshId } from './support/fixture';

let fixture: Fixture;
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  client = fixture.client();
});

afterAll(() => fixture.remove());

/** As a caller may give it who writes JavaScript. */
const number = 5 as unknown as string;
const status = 'DONE' as TaskResultStatus;
const view = 'WHOLE' as TaskResultView;

test.each<[string, string, (client: TaskResults) => Promise<unknown>]>([
  ['a wait for a number', 'id', (client) => client.wait(number)],
  ['a wait for nothing', 'id', (client) => client.wait(undefined as unknown as string)],
  ['a watch of a number', 'id', (client) => client.watch(number).next()],
  ['events of a number', 'ids.task_results[0].id', (client) => client.watchEvents({ ids: [number] }).next()],
  ['a read of a number', 'id', (client) => client.get(number)],
  ['a read of many numbers', 'ids[1]', (client) => client.getMany(['a', number])],
  ['a create under a number', 'id', (client) => client.create({ path: 'x', id: number })],
  ['a create under the empty id', 'id', (client) => client.create({ path: 'x', id: '' })],
  ['a registration under the empty id', 'id', (client) => client.register({ path: 'x', id: '' })],
  ['a start with an empty request id', 'request_id', (client) => client.startAttempt('a', 'w', { requestId: '' })],
  ['an unknown status to list', 'filter.statuses[1]', (client) => client.list({ statuses: ['READY', status] }).next()],
  [
    'an unknown status to watch',
    'filter.statuses[0]',
    (client) => client.watchEvents({ filter: { statuses: [status] } }).next(),
  ],
  ['an unknown view to read', 'view', (client) => client.get('a', { view })],
  ['an unknown view to watch', 'view', (client) => client.watchEvents({ ids: ['a'] }, { view }).next()],
  ['half a priority', 'task.priority', (client) => client.create({ path: 'x', priority: 1.5 })],
  ['no attempt at all', 'attempt_policy.max_attempts', (client) => client.create({ path: 'x', maxAttempts: 0 })],
  ['half an attempt', 'attempt', (client) => client.succeed('a', 1.5)],
  ['an attempt that no message holds', 'attempt', (client) => client.renewLease('a', 2 ** 31, 1_000)],
  ['half a page size', 'page_size', (client) => client.listPage({}, { pageSize: 2.5 })],
  [
    'a delete of no version',
    'version.incarnation',
    (client) => client.delete('a', { version: { incarnation: 0, revision: 0 } }),
  ],
])('%s is refused, and its field named', async (_, field, call) => {
  await expect(call(client)).rejects.toMatchObject({ reason: 'INVALID_FIELD', fields: [field] });
});

test('what no message can hold is refused by name of the request', async () => {
  const priority = 5n as unknown as number;
  await expect(client.create({ path: 'x', priority })).rejects.toThrow(InvalidFieldError);
});

test('a number as id takes nobody with it who waits for another', async () => {
  const { id } = await client.create({ path: 'x', id: freshId() });
  const others = [client.wait(id), client.wait(number)];
  await client.failTask(id);
  expect(await Promise.allSettled(others)).toMatchObject([
    { value: { status: 'FAILED' } },
    { reason: { reason: 'INVALID_FIELD' } },
  ]);
});

test('a target that names nobody is refused', () => {
  expect(() => new TaskResults('')).toThrow(expect.objectContaining({ reason: 'INVALID_FIELD', fields: ['target'] }));
});
