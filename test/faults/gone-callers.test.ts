import { setTimeout as delay } from 'node:timers/promises';
import { Metadata } from '@grpc/grpc-js';
import {
  type CreateTaskResultRequest,
  RecordTransitionsRequest,
  StartAttemptRequest,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { callsOf, createRequest, READY } from '../support/calls';
import { ChildServer } from '../support/child-server';
import { ENGINES, type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { fresh } from '../support/fresh';
import { Link } from '../support/link';
import { refusal } from '../support/refusal';
import { call, connectTo, serve, type TestService } from '../support/service';
import { until } from '../support/until';

/** How long a caller waits for an answer before it gives up. */
const PATIENCE_MS = 1_000;

/** Somebody who calls one server over a connection of its own. */
function clientOf(address: string) {
  const clients = connectTo(address);
  const impatiently = () => [new Metadata(), { deadline: Date.now() + PATIENCE_MS }] as const;
  return {
    ...clients,
    calls: callsOf(clients),
    /** Creates, and gives up after a second. */
    create: (request: CreateTaskResultRequest) =>
      call((done) => clients.writes.createTaskResult(request, ...impatiently(), done)),
    start: (request: StartAttemptRequest) =>
      call((done) => clients.writes.startAttempt(request, ...impatiently(), done)),
  };
}

describe.each(ENGINES)('a server on %s that is suspended', (engine) => {
  let temporary: TemporaryDatabase;
  let server: ChildServer;
  beforeAll(async () => {
    temporary = await temporaryDatabase(engine);
    server = await start();
  });
  afterAll(async () => {
    await server?.end('SIGKILL');
    await temporary?.drop();
  });

  const start = () => {
    const { database } = temporary;
    const url = database.engine === 'sqlite' ? `sqlite:${database.file}` : database.url;
    return ChildServer.start(url, 0, ['--migrate']);
  };

  /** Suspends the server until all that `calling` begins has been given up, and `meanwhile` is over. */
  const suspendedWhile = async (calling: () => Promise<unknown>[], meanwhile: () => Promise<unknown>) => {
    server.suspend();
    try {
      for (const code of await Promise.all(calling().map(async (given) => (await refusal(given)).code))) {
        expect(code).toBe('DEADLINE_EXCEEDED');
      }
      await meanwhile();
      // The clocks of the two are told apart by no less than this.
      await delay(PATIENCE_MS);
    } finally {
      server.resume();
    }
  };

  test('starts no attempt for a worker that has given up', async () => {
    const client = clientOf(server.address);
    try {
      const ids = await Promise.all(Array.from({ length: 20 }, () => client.calls.created()));
      const starts = () => ids.map((id) => client.start(StartAttemptRequest.fromPartial({ id, workerId: 'w1' })));
      await suspendedWhile(starts, async () => {});
      // What came before this call has been looked at.
      await client.calls.created();
      expect((await client.calls.batchGet(ids)).taskResults.map((found) => [found.status, found.workerIds])).toEqual(
        ids.map(() => [READY, []]),
      );
    } finally {
      client.close();
    }
  });

  if (engine === 'mysql') {
    test('creates nothing that was created, finished and deleted meanwhile', async () => {
      const other = await start();
      const [client, elsewhere] = [clientOf(server.address), clientOf(other.address)];
      try {
        const ids = Array.from({ length: 20 }, () => fresh('gone'));
        await client.calls.created(); // it is connected
        await suspendedWhile(
          () => ids.map((id) => client.create(createRequest({ id }))),
          async () => {
            for (const id of ids) {
              await elsewhere.calls.create(id);
              await elsewhere.calls.start(id, 'w2');
              await elsewhere.calls.succeed(id);
              await elsewhere.calls.remove(id);
            }
          },
        );
        await client.calls.created();
        expect((await client.calls.batchGet(ids)).notFoundIds).toEqual(ids);
      } finally {
        client.close();
        elsewhere.close();
        await other.end('SIGKILL');
      }
    });
  }
});

describe('a link to the database that is stalled, and heals', () => {
  const CALLERS = 2_000;
  let temporary: TemporaryDatabase;
  let link: Link;
  let service: TestService;
  beforeEach(async () => {
    temporary = await temporaryDatabase('mysql');
    const { database } = temporary;
    if (database.engine !== 'mysql') throw new Error('no MySQL');
    const url = new URL(database.url);
    link = await Link.to(Number(url.port));
    url.port = String(link.port);
    service = await serve({ ...database, url: url.href });
  });
  afterEach(async () => {
    await service?.stop();
    await link?.close();
    await temporary?.drop();
  });

  /** How many of these results there are, once the service has gone on. */
  const created = async (ids: readonly string[]) => {
    const calls = callsOf(service);
    await until(() => calls.created().then(Boolean, () => false), 'the service goes on');
    let found = 0;
    for (let i = 0; i < ids.length; i += 1_000) {
      found += (await calls.batchGet(ids.slice(i, i + 1_000))).taskResults.length;
    }
    return found;
  };

  /** What may have been on its way already: some transactions at a time. */
  const UNDER_WAY = 4 * 256;

  test('callers that have given up: at most what was under way is created', async () => {
    const client = clientOf(service.address);
    await client.calls.created();
    link.stall();
    const ids = Array.from({ length: CALLERS }, () => fresh('stalled'));
    // Each on its own, as callers come, so that the first transactions are small.
    const refused: Promise<unknown>[] = [];
    for (const [i, id] of ids.entries()) {
      refused.push(refusal(client.create(createRequest({ id }))));
      if (i % 20 === 0) await delay(1);
    }
    await Promise.all(refused);
    link.heal();
    expect(await created(ids)).toBeLessThanOrEqual(UNDER_WAY);
    client.close();
  });

  test('a stream that is cancelled: the same', async () => {
    const client = clientOf(service.address);
    await client.calls.created();
    link.stall();
    const stream = client.writes.recordTransitions();
    const broken = new Promise((resolve) => stream.on('error', resolve));
    stream.on('data', () => {});
    const ids = Array.from({ length: CALLERS }, () => fresh('streamed'));
    for (const [i, id] of ids.entries()) {
      const transition = { $case: 'create' as const, value: createRequest({ id }) };
      stream.write(RecordTransitionsRequest.fromPartial({ number: BigInt(i), transition }));
    }
    await delay(PATIENCE_MS); // whatever is taken is taken
    stream.cancel();
    await broken;
    link.heal();
    expect(await created(ids)).toBeLessThanOrEqual(UNDER_WAY);
    client.close();
  });
});
