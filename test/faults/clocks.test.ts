import { createConnection, type RowDataPacket } from 'mysql2/promise';
import pino from 'pino';
import { CorrectedClock, systemClock } from '../../src/domain/clock';
import type { Micros } from '../../src/domain/task-result';
import { type Calls, callsOf, micros, ms } from '../support/calls';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { fresh } from '../support/fresh';
import { serve, type TestService } from '../support/service';
import { until } from '../support/until';

const SECOND: Micros = 1_000_000;
const HOUR = 3_600 * SECOND;
const LEASE = 2 * SECOND;
const RETENTION = 600 * SECOND;
/** Far beyond the lease, far below the hour. */
const SOON_MS = 60_000;

const now = systemClock();

/** A replica on a machine whose clock is off. */
class Replica {
  readonly logged: string[] = [];
  service!: TestService;
  calls!: Calls;

  /** `isWhollyWrong`: it takes its machine's time for right, as one of an older version. */
  constructor(
    public off: Micros,
    private readonly isWhollyWrong = false,
  ) {}

  async start(afterFinish = RETENTION): Promise<void> {
    const machine = () => now() + this.off;
    const log = pino({ level: 'info' }, { write: (line: string) => void this.logged.push(JSON.parse(line).msg) });
    const clock = this.isWhollyWrong ? machine : new CorrectedClock(machine);
    this.service = await serve(temporary.database, { retention: { afterFinish } }, log, clock);
    this.calls = callsOf(this.service);
  }
}

let temporary: TemporaryDatabase;
let replicas: Replica[];

beforeEach(async () => {
  temporary = await temporaryDatabase('mysql');
  replicas = [];
});
afterEach(async () => {
  for (const { service } of replicas) await service?.stop();
  await temporary.drop();
});

async function replica(off: Micros, isWhollyWrong = false, afterFinish = RETENTION): Promise<Replica> {
  const made = new Replica(off, isWhollyWrong);
  replicas.push(made);
  await made.start(afterFinish);
  return made;
}

const lease = ms(LEASE / 1_000);

/** Waits until the running attempt may be taken over, and returns how long that took since `since`, in microseconds. */
async function endOfLease(calls: Calls, id: string, since: Micros): Promise<Micros> {
  const isTaken = () =>
    calls.start(id, 'w2', { lease }).then(
      () => true,
      () => false,
    );
  await until(isTaken, 'the lease has ended', SOON_MS);
  return now() - since;
}

test.each([
  ['ahead', HOUR],
  ['behind', -HOUR],
])('leases end when they should, with one replica an hour %s', async (_way, off) => {
  const [right, wrong] = [await replica(0), await replica(off)];
  const check = async (starter: Replica, renewer: Replica, taker: Replica) => {
    const id = fresh();
    await starter.calls.create(id);
    await starter.calls.start(id, 'w1', { lease });
    const since = now();
    const { state } = await renewer.calls.renew(id, 1, lease);
    expect(Math.abs(micros(state?.leaseExpiresAt) - since - LEASE)).toBeLessThan(30 * SECOND);
    const took = await endOfLease(taker.calls, id, since);
    expect(took).toBeGreaterThanOrEqual(LEASE - SECOND / 10);
    expect(took).toBeLessThan(SOON_MS * 1_000);
  };
  await Promise.all([check(wrong, right, wrong), check(right, wrong, right), check(wrong, wrong, right)]);
});

test('a lease of a result whose newest time lies ahead counts from now', async () => {
  const [right, wrong] = [await replica(0), await replica(HOUR, true)];
  const id = fresh();
  await wrong.calls.create(id);
  await wrong.calls.start(id, 'w1', { lease });
  const since = now();
  const { state } = await right.calls.renew(id, 1, lease);
  expect(Math.abs(micros(state?.leaseExpiresAt) - since - LEASE)).toBeLessThan(30 * SECOND);
  expect(await endOfLease(right.calls, id, since)).toBeGreaterThanOrEqual(LEASE - SECOND / 10);
  // Within the result, time does not run backwards all the same.
  const { startedAt, lastAttemptedAt } = await right.calls.get(id);
  expect(micros(startedAt)).toBeGreaterThan(since + HOUR / 2);
  expect(micros(lastAttemptedAt)).toBeGreaterThan(micros(startedAt));
});

test('neither results nor the change log go early, whichever replica is an hour off', async () => {
  const behind = await replica(-HOUR);
  const kept = await behind.calls.created();
  await behind.calls.fail(kept);
  const { finishedAt, expiresAt } = await behind.calls.get(kept);
  expect(Math.abs(micros(finishedAt) - now())).toBeLessThan(60 * SECOND);
  expect(micros(expiresAt) - micros(finishedAt)).toBe(RETENTION);
  await behind.service.stopServer();

  // One that may go a second after it is finished shows that the replica that is ahead has tidied.
  const ahead = await replica(HOUR, false, SECOND);
  const due = await ahead.calls.created();
  await ahead.calls.fail(due);
  const changes = await changeLog();
  await until(async () => (await ahead.calls.batchGet([due])).notFoundIds.length > 0, 'what is due is removed');
  expect((await ahead.calls.batchGet([kept])).taskResults).toHaveLength(1);
  // The rest of the round.
  await ahead.service.stopServer();
  expect(await changeLog()).toEqual(expect.arrayContaining(changes));
});

async function changeLog(): Promise<number[]> {
  if (temporary.database.engine !== 'mysql') throw new Error('no MySQL');
  const connection = await createConnection(temporary.database.url);
  const [rows] = await connection.query<RowDataPacket[]>('SELECT seq FROM task_changes');
  await connection.end();
  return rows.map(({ seq }) => Number(seq));
}

test('the log tells a clock that is off, at the start and when it changes, and it is corrected', async () => {
  const right = await replica(0);
  const wrong = await replica(HOUR);
  const tells = (line: RegExp) => until(() => wrong.logged.some((logged) => line.test(logged)), `${line}`, SOON_MS);
  expect(wrong.logged[0]).toMatch(/^this machine's clock is 3\d\d\d\.\d s ahead of the database's, whose time counts$/);
  wrong.off = -HOUR;
  await tells(/^this machine's clock is 3\d\d\d\.\d s behind the database's, whose time counts$/);
  const id = await wrong.calls.created();
  expect(Math.abs(micros((await wrong.calls.get(id)).enqueuedAt) - now())).toBeLessThan(60 * SECOND);
  wrong.off = 0;
  await tells(/^this machine's clock is right again$/);
  expect(right.logged).toEqual([]);
});
