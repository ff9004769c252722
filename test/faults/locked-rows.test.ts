import { Metadata } from '@grpc/grpc-js';
import { StartAttemptRequest } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { type Connection, createConnection } from 'mysql2/promise';
import { type Calls, callsOf, RUNNING } from '../support/calls';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { fresh } from '../support/fresh';
import { refusal } from '../support/refusal';
import { call, serve, type TestService } from '../support/service';
import { until } from '../support/until';

/** Callers that create results of other ids all the time, on each replica. */
const CALLERS = 8;
/** Long enough that a caller who waits for the lock is told from one who does not. */
const LOCKED_MS = 3_000;

let temporary: TemporaryDatabase;
/** Two replicas. */
let services: TestService[];
/** Somebody who locks rows and forgets about it. */
let outsider: Connection;

beforeAll(async () => {
  temporary = await temporaryDatabase('mysql');
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  const { database } = temporary;
  services = [await serve(database), await serve(database)];
  outsider = await createConnection(temporary.database.url);
});
afterEach(() => outsider.query('ROLLBACK'));
afterAll(async () => {
  for (const service of services ?? []) await service.stop();
  await outsider?.end();
  await temporary?.drop();
});

const replicas = () => services.map((service) => callsOf(service)) as [Calls, Calls];

async function lock(...ids: string[]): Promise<void> {
  await outsider.query('BEGIN');
  await outsider.query('SELECT id FROM task_results WHERE id IN (?) ORDER BY id FOR UPDATE', [ids]);
}

/** Milliseconds that creates of other ids take until `over`, on both replicas. */
async function createMeanwhile(over: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  void over.finally(() => {
    isOver = true;
  });
  const took: number[] = [];
  const creating = async (calls: Calls) => {
    while (!isOver) {
      const before = performance.now();
      await calls.created();
      took.push(performance.now() - before);
    }
  };
  await Promise.all(replicas().flatMap((calls) => Array.from({ length: CALLERS }, () => creating(calls))));
  return took.sort((a, b) => a - b);
}

const released = () => new Promise((resolve) => setTimeout(resolve, LOCKED_MS)).then(() => outsider.query('ROLLBACK'));

/** Nearly all callers went on at once, and even those who met the lock first did not wait for its end. */
function expectUndisturbed(took: number[]): void {
  expect(took.length).toBeGreaterThan(20 * CALLERS);
  expect(took[Math.floor(took.length / 2)]).toBeLessThan(LOCKED_MS / 6);
}

test('one row: its callers wait for it, and nobody else does, on any replica', async () => {
  const [a, b] = replicas();
  const id = await a.created();
  await lock(id);
  const starts = [a.start(id, 'w1', { requestId: 'r' }), b.start(id, 'w1', { requestId: 'r' })];
  const took = await createMeanwhile(released());
  expectUndisturbed(took);
  expect((await Promise.all(starts)).map(({ attempt }) => attempt)).toEqual([1, 1]);
});

test('fifty rows: the same', async () => {
  const [a, b] = replicas();
  const ids = await Promise.all(Array.from({ length: 50 }, () => a.created()));
  await lock(...ids);
  const starts = ids.map((id, i) => (i % 2 ? a : b).start(id));
  const took = await createMeanwhile(released());
  expectUndisturbed(took);
  await Promise.all(starts);
});

test('a row that is inserted elsewhere, and not committed: whoever creates it waits, and nobody else does', async () => {
  const [a, b] = replicas();
  const id = fresh('inserted');
  const [rows] = await outsider.query('SELECT * FROM task_results WHERE id = ?', [await a.created()]);
  await outsider.query('BEGIN');
  await outsider.query('INSERT INTO task_results SET ?', [{ ...(rows as object[])[0], id }]);
  const creates = [a.create(id), b.create(id)];
  expectUndisturbed(await createMeanwhile(released()));
  expect((await Promise.all(creates)).map(({ state }) => state?.revision)).toEqual([1n, 1n]);
});

test('what is called for one id keeps its order, however long the row was locked', async () => {
  const [a] = replicas();
  const id = await a.created();
  await lock(id);
  const calls = [a.start(id, 'w1'), a.failAttempt(id, 1, true), a.start(id, 'w2'), a.succeed(id, 2, '42')];
  await createMeanwhile(released());
  expect((await Promise.all(calls)).map(({ state }) => state?.revision)).toEqual([2n, 3n, 4n, 5n]);
});

test('a caller whose time is over gets nothing done when the row is free at last', async () => {
  const [a] = replicas();
  const id = await a.created();
  await lock(id);
  const deadline = Date.now() + 1_500;
  const request = StartAttemptRequest.fromPartial({ id, workerId: 'w1' });
  const starting = call((done) => services[0]?.writes.startAttempt(request, new Metadata(), { deadline }, done));
  expect((await refusal(starting)).code).toBe('DEADLINE_EXCEEDED');
  await outsider.query('ROLLBACK');
  await until(async () => (await a.start(id, 'w2').catch(() => null)) !== null, 'the row is free');
  expect(await a.get(id)).toMatchObject({ status: RUNNING, workerIds: ['w2'] });
});

const long = process.env.TASKRESULTS_TEST_LONG_FAULTS ? test : test.skip;

long('a caller without a deadline is told after half a minute, and the call can be repeated', async () => {
  const [a] = replicas();
  const id = await a.created();
  await lock(id);
  const before = performance.now();
  expect(await refusal(a.start(id, 'w1'))).toMatchObject({ code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' });
  expect(performance.now() - before).toBeGreaterThan(25_000);
  await outsider.query('ROLLBACK');
  expect(await a.start(id, 'w1')).toMatchObject({ attempt: 1 });
});
