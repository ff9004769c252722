import * as sdk from '../src/index';
import { TestServer } from './support/server';

let server: TestServer;
let client: sdk.TaskResults;

beforeAll(async () => {
  server = await TestServer.start();
  client = new sdk.TaskResults(server.address);
});

afterAll(async () => {
  client.close();
  await server.remove();
});

async function failure(call: Promise<unknown>): Promise<sdk.TaskResultsError> {
  return call.then(
    () => {
      throw new Error('the call was answered OK');
    },
    (error) => error,
  );
}

interface Refusal {
  reason: string;
  Class: typeof sdk.TaskResultsError;
  code: number;
  call: () => Promise<unknown>;
}

const REFUSALS: Refusal[] = [
  {
    reason: 'TASK_RESULT_DOES_NOT_EXIST',
    Class: sdk.TaskResultDoesNotExistError,
    code: 5,
    call: () => client.get('nobody'),
  },
  {
    reason: 'TASK_RESULT_MISMATCH',
    Class: sdk.TaskResultMismatchError,
    code: 9,
    call: () => client.get('taken', { path: 'app.other' }),
  },
  {
    reason: 'TASK_RESULT_EXISTS',
    Class: sdk.TaskResultExistsError,
    code: 6,
    call: () => client.create({ id: 'taken', path: 'app.other' }),
  },
  {
    reason: 'ATTEMPT_IN_PROGRESS',
    Class: sdk.AttemptInProgressError,
    code: 9,
    call: () => client.startAttempt('taken', 'w3'),
  },
  {
    reason: 'STALE_ATTEMPT',
    Class: sdk.StaleAttemptError,
    code: 9,
    call: () => client.succeed('taken', 1, null),
  },
  {
    reason: 'ILLEGAL_TRANSITION',
    Class: sdk.IllegalTransitionError,
    code: 9,
    call: () => client.failTask('taken'),
  },
  {
    reason: 'REVISION_MISMATCH',
    Class: sdk.RevisionMismatchError,
    code: 10,
    call: () => client.delete('taken', { version: { incarnation: 1, revision: 7 } }),
  },
  {
    reason: 'INVALID_FIELD',
    Class: sdk.InvalidFieldError,
    code: 3,
    call: () => client.create({ path: 'x', priority: 101 }),
  },
  {
    reason: 'PAYLOAD_TOO_LARGE',
    Class: sdk.PayloadTooLargeError,
    code: 3,
    call: () => client.create({ path: 'x', args: ['x'.repeat(1_100_000)] }),
  },
];

beforeAll(async () => {
  await client.create({ id: 'taken', path: 'app.tasks.send' });
  await client.startAttempt('taken', 'w1');
  await client.startAttempt('taken', 'w2', { force: true });
});

test.each(REFUSALS)('$reason has a class of its own', async ({ reason, Class, code, call }) => {
  const error = await failure(call());
  expect(error).toBeInstanceOf(Class);
  expect(error).toMatchObject({ reason, code, name: Class.name });
});

test('the fields that break their rules are named', async () => {
  const [bad, large] = [REFUSALS.at(-2), REFUSALS.at(-1)] as [Refusal, Refusal];
  expect((await failure(bad.call())).fields).toEqual(['task.priority']);
  expect((await failure(large.call())).fields).toEqual(['args_json']);
});

test('too many watches', async () => {
  const small = await TestServer.start({ flags: ['--max-watches', '1'] });
  const one = new sdk.TaskResults(small.address);
  try {
    const first = one.watchEvents({ filter: {} });
    await one.register({ path: 'app.tasks.seen' });
    await first.next();
    // Re-opening may mend it once another watch has ended: it is told and tried again.
    const told = new Promise((resolve) => {
      const second = one.watchEvents({ filter: {} }, { onLost: resolve });
      second.next().catch(() => {});
    });
    expect(await told).toMatch(/watches/);
  } finally {
    one.close();
    await small.remove();
  }
});

test('an answer without a reason has the name of its code', async () => {
  const nobody = new sdk.TaskResults('127.0.0.1:1', { retry: false });
  const error = await failure(nobody.get('x'));
  nobody.close();
  expect(error.constructor).toBe(sdk.TaskResultsError);
  expect(error).toMatchObject({ reason: 'UNAVAILABLE', code: 14 });
});
