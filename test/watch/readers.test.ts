import { credentials } from '@grpc/grpc-js';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { ENGINES, temporaryDatabase } from '../support/engines';
import { Follower } from '../support/follower';
import { inParallel } from '../support/in-parallel';
import { Link } from '../support/link';
import { serve, startOn, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, openWatch } from '../support/watching';
import { TestWorker } from '../support/worker';

describe('readers of all kinds', () => {
  let service: TestService;
  let worker: TestWorker;

  beforeAll(async () => {
    service = await startOn('sqlite');
    worker = new TestWorker([service.address], 'w');
  });
  afterAll(async () => {
    worker.close();
    await service.stop();
  });

  test('one that stops reading skips revisions, holds up nobody, and gets the newest when it reads again', async () => {
    const ids = Array.from({ length: 500 }, (_, i) => `slow-${i}`);
    const argsJson = JSON.stringify(['x'.repeat(2_000)]);
    await inParallel(ids, (id) => worker.create(id, { argsJson }));
    const slow = openWatch(service.reads, { target: byIds(...ids) });
    const follower = new Follower(ids, [service.address]);
    const following = follower.untilFinished();
    await until(() => slow.events.length === ids.length && follower.latest.size === ids.length, 'both have begun');

    slow.stream.pause();
    for (let attempt = 0; attempt < 9; attempt++) await inParallel(ids, (id) => worker.attempt(id, 'retry'));
    await inParallel(ids, (id) => worker.attempt(id, 'succeed'));
    await following; // while the slow one does not read

    slow.stream.resume();
    expect(await slow.ended).toBe(0);
    const newest = new Map(
      slow.events.flatMap((e) => (e.$case === 'snapshot' ? [[e.value.id, e.value.revision]] : [])),
    );
    expect(new Set(newest.values())).toEqual(new Set([21n]));
    expect(newest.size).toBe(ids.length);
    // There were 10,500 revisions. It was sent the first and the last one of each id, and those that the link buffered.
    expect(slow.events.length).toBeLessThan(2_500);
  });

  test('3,000 watches that the server ends, on one connection, do not disturb another on it', async () => {
    await worker.create('finished');
    await worker.attempt('finished', 'succeed');
    await worker.create('followed');
    const followed = openWatch(service.reads, { target: byIds('followed') });
    await until(() => followed.events.length === 1, 'the other watch has begun');
    for (let round = 0; round < 30; round++) {
      const codes = Array.from({ length: 100 }, () => openWatch(service.reads, { target: byIds('finished') }).ended);
      expect(new Set(await Promise.all(codes))).toEqual(new Set([0]));
    }
    await worker.attempt('followed', 'succeed');
    expect(await followed.ended).toBe(0);
    const seen = followed.events.map(brief); // the state in between may be skipped
    expect([seen[0], ...seen.slice(-2)]).toEqual(['snapshot followed@1', 'snapshot followed@3', 'end']);
  });

  test('3,000 watches that a client cancels cost other connections nothing', async () => {
    await worker.create('kept');
    const kept = openWatch(service.reads, { target: byIds('kept') });
    await until(() => kept.events.length === 1, 'the other watch has begun');
    const rash = new TaskResultServiceClient(service.address, credentials.createInsecure());
    for (let round = 0; round < 30; round++) {
      const watches = Array.from({ length: 100 }, () => openWatch(rash, { target: byIds('kept') }));
      for (const { stream } of watches) stream.cancel();
      await Promise.all(watches.map(({ ended }) => ended));
    }
    rash.close();
    await worker.attempt('kept', 'succeed');
    expect(await kept.ended).toBe(0);
  });
});

test('a half-open connection is noticed, and its watches are cleaned up', async () => {
  const only = {
    maxJsonSize: 1,
    maxTracebackSize: 1,
    maxWorkerIdLength: 255,
    maxMessageSize: 8_000_000,
    maxWatches: 1,
    maxWatchedIds: 9,
    maxConnections: 100,
    maxCallMemory: 64_000_000,
  };
  const service = await startOn('sqlite', { limits: only, keepalive: { timeMs: 100, timeoutMs: 3_000 } });
  const worker = new TestWorker([service.address], 'w');
  const link = await Link.to(service.port);
  const far = new TaskResultServiceClient(`127.0.0.1:${link.port}`, credentials.createInsecure());
  try {
    await worker.create('x');
    const halfOpen = openWatch(far, { target: byIds('x') });
    await until(() => halfOpen.events.length === 1, 'the only watch that the server allows is open');
    expect(await openWatch(service.reads, { target: byIds('x') }).ended).not.toBe(0);
    link.stall();
    await until(async () => {
      const next = openWatch(service.reads, { target: byIds('x') });
      let refused = false;
      next.ended.then(() => {
        refused = true;
      });
      await until(() => refused || next.events.length > 0, 'an answer');
      next.stream.cancel();
      return !refused;
    }, 'its place is free again');
  } finally {
    far.close();
    await link.close();
    worker.close();
    await service.stop();
  }
});

test.each(ENGINES)('a client that is sent away by a stopping server misses nothing, on %s', async (engine) => {
  const { database, drop } = await temporaryDatabase(engine);
  let service = await serve(database);
  const port = service.port;
  const worker = new TestWorker([service.address], 'w');
  await worker.create('x');
  const follower = new Follower(['x'], [service.address]);
  const following = follower.untilFinished();
  await until(() => follower.latest.has('x'), 'it is watched');
  await service.stop();
  expect(follower.ends[0]).toBe(3); // SHUTTING_DOWN
  service = await serve(database, { port });
  await worker.attempt('x', 'succeed');
  await following;
  expect(follower.latest.get('x')?.revision).toBe(3n);
  worker.close();
  await service.stop();
  await drop();
});
