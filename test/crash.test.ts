import { once } from 'node:events';
import { credentials, type ServiceError, status } from '@grpc/grpc-js';
import {
  RecordTransitionsRequest,
  type RecordTransitionsResponse,
  TaskLifecycleServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { DataSource } from 'typeorm';
import type { Database } from '../src/store/open';
import { type Calls, callsOf, createRequest, FAILED, READY, RUNNING, SUCCESSFUL } from './support/calls';
import { ChildServer } from './support/child-server';
import { ENGINES, type TemporaryDatabase, temporaryDatabase } from './support/engines';

const WRITERS = 24;
/** More for a longer hunt: TASKRESULTS_TEST_CRASHES=20. */
const CRASHES = Number(process.env.TASKRESULTS_TEST_CRASHES ?? 3);
/** Answered writes after which the server is killed, one time after the other. */
const KILL_AFTER = Array.from({ length: CRASHES }, (_, i) => 40 + 230 * i);

/** The life of each task, and what it is after each step: all of it, or nothing of it. */
const LIFE: { call: (calls: Calls, id: string) => Promise<unknown>; left: object }[] = [
  {
    call: (c, id) => c.create(id, { metadata: new Map([['a', 'b']]) }),
    left: { status: READY, workers: 0, errors: 0 },
  },
  { call: (c, id) => c.start(id, 'w1', { requestId: 'first' }), left: { status: RUNNING, workers: 1, errors: 0 } },
  { call: (c, id) => c.failAttempt(id, 1, true), left: { status: READY, workers: 1, errors: 1 } },
  { call: (c, id) => c.start(id, 'w2', { requestId: 'second' }), left: { status: RUNNING, workers: 2, errors: 1 } },
  { call: (c, id) => c.succeed(id, 2, '42'), left: { status: SUCCESSFUL, workers: 2, errors: 1 } },
];

/** What may be true of a call that the server did not live to answer. */
const UNANSWERED = [status.UNAVAILABLE, status.CANCELLED, status.UNKNOWN, status.INTERNAL];

function connect(address: string) {
  const reads = new TaskResultServiceClient(address, credentials.createInsecure());
  const writes = new TaskLifecycleServiceClient(address, credentials.createInsecure());
  const close = () => {
    reads.close();
    writes.close();
  };
  return { calls: callsOf({ reads, writes }), writes, close };
}

/** Drives tasks until the server dies. Returns how many steps of each task were answered OK. */
async function drive(server: ChildServer, prefix: string, killAfter: number): Promise<Map<string, number>> {
  const { calls, close } = connect(server.address);
  const answered = new Map<string, number>();
  let count = 0;
  let killing: Promise<unknown> | null = null;
  const write = async (writer: number) => {
    for (let task = 0; ; task++) {
      const id = `${prefix} ${writer}.${task}`;
      answered.set(id, 0);
      for (const [i, { call }] of LIFE.entries()) {
        try {
          await call(calls, id);
        } catch (error) {
          expect(UNANSWERED).toContain((error as ServiceError).code);
          return;
        }
        answered.set(id, i + 1);
        if (++count >= killAfter) killing ??= server.end('SIGKILL');
      }
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, i) => write(i)));
  await killing;
  close();
  return answered;
}

/** One row of figures, straight from the tables. */
async function figures(database: Database): Promise<Record<string, number>> {
  const statement = `SELECT
    (SELECT COALESCE(SUM(attempts), 0) FROM task_results) AS attempts, (SELECT COUNT(*) FROM task_attempts) AS attempt_rows,
    (SELECT COALESCE(SUM(error_count), 0) FROM task_results) AS errors, (SELECT COUNT(*) FROM task_errors) AS error_rows,
    (SELECT COUNT(*) FROM task_results WHERE status = 4) AS successful, (SELECT COUNT(*) FROM task_return_values) AS return_values,
    (SELECT COUNT(*) FROM task_results) AS results, (SELECT COUNT(*) FROM task_metadata) AS labels,
    (SELECT COALESCE(SUM(revision), 0) FROM task_results) AS revisions, (SELECT COUNT(*) FROM task_changes) AS changes`;
  const source =
    database.engine === 'sqlite'
      ? new DataSource({ type: 'better-sqlite3', database: database.file })
      : new DataSource({ type: 'mysql', url: database.url });
  await source.initialize();
  const [row]: Record<string, unknown>[] = await source.query(statement);
  await source.destroy();
  return Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, Number(value)]));
}

describe.each(ENGINES)('a server on %s that is killed in the middle of its writes', (engine) => {
  let temporary: TemporaryDatabase;
  let server: ChildServer;
  beforeEach(async () => {
    temporary = await temporaryDatabase(engine);
    server = await start();
  });
  afterEach(async () => {
    await server?.end('SIGKILL');
    await temporary?.drop();
  });

  const start = () => {
    const { database } = temporary;
    const url = database.engine === 'sqlite' ? `sqlite:${database.file}` : database.url;
    return ChildServer.start(url, 0, ['--migrate']);
  };

  test.each(KILL_AFTER)('has what it answered, and nothing by halves: after %d answers', async (killAfter) => {
    const answered = await drive(server, `${killAfter}`, killAfter);
    expect([...answered.values()].reduce((sum, steps) => sum + steps, 0)).toBeGreaterThanOrEqual(killAfter);

    const found = await figures(temporary.database);
    expect(found).toMatchObject({
      attempt_rows: found.attempts,
      error_rows: found.errors,
      return_values: found.successful,
      labels: found.results,
      changes: found.revisions,
    });

    server = await start();
    const { calls, close } = connect(server.address);
    try {
      const { taskResults } = await calls.batchGet([...answered.keys()]);
      const results = new Map(taskResults.map((result) => [result.id, result]));
      for (const [id, steps] of answered) {
        const result = results.get(id);
        const revision = Number(result?.revision ?? 0);
        // The step under way when the server died was done, or it was not.
        expect([steps, steps + 1]).toContain(revision);
        if (!result) continue;
        const { status, workerIds, errors, returnValueJson, finishedAt, metadata } = result;
        expect({ status, workers: workerIds.length, errors: errors.length }).toEqual(LIFE[revision - 1]?.left);
        expect([returnValueJson, finishedAt !== undefined]).toEqual(revision === 5 ? ['42', true] : [undefined, false]);
        expect(metadata).toEqual(new Map([['a', 'b']]));
      }
      // Whoever got no answer repeats the call, and goes on.
      for (const [id, steps] of answered) {
        if (steps === LIFE.length) continue;
        for (const { call } of LIFE.slice(steps)) await call(calls, id);
        expect(await calls.get(id)).toMatchObject({ revision: 5n, workerIds: ['w1', 'w2'], status: SUCCESSFUL });
      }
      expect((await calls.list({ filter: { statuses: [READY, RUNNING, FAILED] } })).taskResults).toEqual([]);
    } finally {
      close();
    }
  });

  // With 50 in a message, so many can wait that two transactions are in flight on MySQL.
  test.each(KILL_AFTER.flatMap((killAfter) => [1, 50].map((together) => [killAfter, together])))(
    'has what it answered on a stream: after %d answers, with %d in a message',
    async (killAfter, together) => {
      const { writes, close } = connect(server.address);
      const stream = writes.recordTransitions();
      const idOf = (n: number) => `${killAfter} ${together} stream ${n}`;
      const answered: number[] = [];
      let broken = false;
      stream.on('error', () => {
        broken = true;
      });
      const over = new Promise((resolve) => stream.on('error', resolve));
      stream.on('data', ({ more, ...first }: RecordTransitionsResponse) => {
        for (const { number, outcome } of [first, ...more]) {
          expect(outcome?.$case).toBe('state');
          if (answered.push(Number(number)) === killAfter) void server.end('SIGKILL');
        }
      });
      for (let next = 0; next < 20_000 && !broken; next += together) {
        const more = Array.from({ length: together }, (_, i) => ({
          number: BigInt(next + i),
          transition: { $case: 'create' as const, value: createRequest({ id: idOf(next + i) }) },
        }));
        const message = RecordTransitionsRequest.fromPartial(together === 1 ? (more[0] ?? {}) : { more });
        if (!stream.write(message)) await Promise.race([once(stream, 'drain'), over]);
      }
      await over;
      close();
      await server.end('SIGKILL');
      expect(answered.length).toBeGreaterThanOrEqual(killAfter);

      server = await start();
      const next = connect(server.address);
      try {
        for (let i = 0; i < answered.length; i += 1_000) {
          const ids = answered.slice(i, i + 1_000).map(idOf);
          expect((await next.calls.batchGet(ids)).notFoundIds).toEqual([]);
        }
      } finally {
        next.close();
      }
    },
  );
});
