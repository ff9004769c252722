import { status } from '@grpc/grpc-js';
import {
  WatchTaskResultsResponse_End_Reason as Reason,
  WaitTaskResultRequest_Until as WaitUntil,
  type WatchTaskResultsRequest,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { BASIC, type Calls, callsOf, ms, SUCCESSFUL } from '../support/calls';
import { ENGINES } from '../support/engines';
import { fresh } from '../support/fresh';
import { serve, startOn, type TestService, testConfig } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, type Event, type OpenWatch, openWatch } from '../support/watching';

type Known = [id: string, incarnation: bigint, revision: number];

const known = (...all: Known[]): WatchTaskResultsRequest['target'] => ({
  $case: 'ids',
  value: {
    taskResults: all.map(([id, incarnation, revision]) => ({
      id,
      known: revision === 0 ? undefined : { incarnation, revision: BigInt(revision) },
    })),
  },
});

describe.each(ENGINES)('a watch by ids on %s', (engine) => {
  let service: TestService;
  let calls: Calls;
  const open: OpenWatch[] = [];
  beforeAll(async () => {
    service = await startOn(engine);
    calls = callsOf(service);
  });
  afterEach(() => {
    for (const { stream } of open.splice(0)) stream.cancel();
  });
  afterAll(() => service?.stop());

  const watch = (request: Parameters<typeof openWatch>[1]) => {
    const opened = openWatch(service.reads, request);
    open.push(opened);
    return opened;
  };
  const created = async () => {
    const id = fresh();
    await calls.create(id);
    return id;
  };
  const incarnationOf = async (id: string) => (await calls.get(id)).incarnation;
  const told = (opened: OpenWatch) => opened.events.map(brief);
  const tells = async (opened: OpenWatch, ...expected: string[]) => {
    await until(() => told(opened).length >= expected.length, `${expected.length} events`);
    expect(told(opened)).toEqual(expected);
  };
  const reason = (opened: OpenWatch) => {
    const last = opened.events.at(-1);
    return last?.$case === 'end' ? last.value.reason : null;
  };
  const snapshots = (events: readonly Event[]) => events.flatMap((e) => (e.$case === 'snapshot' ? [e.value] : []));

  test('sends what is there, each change, and ends with the finished result', async () => {
    const id = await created();
    const opened = watch({ target: byIds(id) });
    await tells(opened, `snapshot ${id}@1`);
    await calls.start(id);
    await tells(opened, `snapshot ${id}@1`, `snapshot ${id}@2`);
    await calls.succeed(id, 1, '42');
    expect(await opened.ended).toBe(status.OK);
    expect(told(opened)).toEqual([1, 2, 3].map((n) => `snapshot ${id}@${n}`).concat('end'));
    expect(reason(opened)).toBe(Reason.REASON_ALL_FINISHED);
    const whole = await calls.get(id);
    expect(snapshots(opened.events).at(-1)).toEqual(whole);
    expect(whole).toMatchObject({ status: SUCCESSFUL, returnValueJson: '42' });
  });

  test('sends no snapshot for a version that is known, and one for every other', async () => {
    const [same, newer, older] = [await created(), await created(), await created()];
    await calls.start(newer);
    const target = known(
      [same, await incarnationOf(same), 1],
      [newer, await incarnationOf(newer), 1],
      [older, await incarnationOf(older), 9],
    );
    const opened = watch({ target });
    await until(() => told(opened).length >= 2, 'the first events');
    expect(told(opened).sort()).toEqual([`snapshot ${newer}@2`, `snapshot ${older}@1`].sort());
    await calls.start(same);
    await until(() => told(opened).includes(`snapshot ${same}@2`), 'the change of the known one');
  });

  test('a finished result that is known ends it at once', async () => {
    const id = await created();
    await calls.fail(id);
    const opened = watch({ target: known([id, await incarnationOf(id), 2]) });
    expect(await opened.ended).toBe(status.OK);
    expect(told(opened)).toEqual(['end']);
  });

  test('revisions strictly increase, and the newest one arrives', async () => {
    const id = await created();
    const opened = watch({ target: byIds(id) });
    for (let attempt = 1; attempt <= 20; attempt++) {
      await calls.start(id);
      await calls.failAttempt(id, attempt, attempt < 20);
    }
    expect(await opened.ended).toBe(status.OK);
    const revisions = snapshots(opened.events).map(({ revision }) => Number(revision));
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(snapshots(opened.events).at(-1)).toEqual(await calls.get(id));
  });

  test('an id that stands there twice counts once, with its first place', async () => {
    const id = await created();
    const opened = watch({ target: known([id, 0n, 0], [id, await incarnationOf(id), 1]) });
    await calls.fail(id);
    await opened.ended;
    const revisions = snapshots(opened.events).map(({ revision }) => revision);
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(revisions.at(-1)).toBe(2n);
  });

  test('an id that nothing has is told once, and needs no waiting for', async () => {
    const id = await created();
    const opened = watch({ target: byIds('missing', id) });
    await until(() => told(opened).length === 2, 'both are told');
    expect(told(opened).sort()).toEqual([`notFound missing`, `snapshot ${id}@1`].sort());
    await calls.fail(id);
    await opened.ended;
    expect(told(opened).slice(2)).toEqual([`snapshot ${id}@2`, 'end']);
  });

  test('nothing but missing ids: the end', async () => {
    const opened = watch({ target: byIds('missing 1', 'missing 2') });
    expect(await opened.ended).toBe(status.OK);
    expect(told(opened)).toEqual(['notFound missing 1', 'notFound missing 2', 'end']);
  });

  test('a deleted result is told, and counts as done', async () => {
    const id = await created();
    const opened = watch({ target: byIds(id) });
    await tells(opened, `snapshot ${id}@1`);
    await calls.remove(id);
    await opened.ended;
    expect(told(opened)).toEqual([`snapshot ${id}@1`, `deleted ${id}`, 'end']);
  });

  test('one that was known and is gone is deleted, not missing', async () => {
    const opened = watch({ target: known(['gone', 5n, 3]) });
    await opened.ended;
    expect(told(opened)).toEqual(['deleted gone', 'end']);
    const version = { incarnation: 5n, revision: 3n };
    expect(opened.events[0]).toEqual({ $case: 'deleted', value: { id: 'gone', version } });
  });

  test('keep_open: goes on after the end of every result, and follows what is created under their ids later', async () => {
    const id = await created();
    const missing = fresh('later');
    const opened = watch({ target: byIds(id, missing), keepOpen: true });
    await until(() => told(opened).length === 2, 'both are told');
    const before = told(opened).length;
    await calls.fail(id);
    await calls.create(missing);
    await until(() => told(opened).length === before + 2, 'both changes are told');
    expect(told(opened).slice(before).sort()).toEqual([`snapshot ${id}@2`, `snapshot ${missing}@1`].sort());
    await calls.remove(id);
    await until(() => told(opened).includes(`deleted ${id}`), 'the delete is told');
    await calls.create(id, { argsJson: '["anew"]' });
    await until(() => told(opened).at(-1) === `snapshot ${id}@1`, 'the new result is told');
    expect(snapshots(opened.events).at(-1)?.argsJson).toBe('["anew"]');
    expect(told(opened)).not.toContain('end');
  });

  test('a result created anew under the same id: deleted, then its snapshot from revision 1', async () => {
    const id = await created();
    await calls.start(id);
    const opened = watch({ target: byIds(id), keepOpen: true });
    await tells(opened, `snapshot ${id}@2`);
    // At once, so that no read falls between.
    await Promise.all([calls.remove(id), calls.create(id, { argsJson: '["anew"]' })]);
    await tells(opened, `snapshot ${id}@2`, `deleted ${id}`, `snapshot ${id}@1`);
  });

  test('a result created anew is told though its revision is the one that was known', async () => {
    const id = await created();
    const old = await incarnationOf(id);
    await Promise.all([calls.remove(id), calls.create(id, { argsJson: '["anew"]' })]);
    const opened = watch({ target: known([id, old, 1]) });
    await tells(opened, `deleted ${id}`, `snapshot ${id}@1`);
    expect(opened.events[0]).toMatchObject({ value: { version: { incarnation: old, revision: 1n } } });
    expect(snapshots(opened.events)[0]?.argsJson).toBe('["anew"]');
  });

  test('a result created anew while it is watched is told, at whatever revision', async () => {
    const id = await created();
    const opened = watch({ target: byIds(id), keepOpen: true });
    await tells(opened, `snapshot ${id}@1`);
    for (let n = 1; n <= 10; n++) {
      const before = snapshots(opened.events).length;
      await Promise.all([calls.remove(id), calls.create(id, { argsJson: `[${n}]` })]);
      await until(() => snapshots(opened.events).length > before, `creation ${n} is told`);
      expect(snapshots(opened.events).at(-1)?.argsJson).toBe(`[${n}]`);
    }
    const incarnations = snapshots(opened.events).map(({ incarnation }) => Number(incarnation));
    expect(incarnations).toEqual([...new Set(incarnations)].sort((a, b) => a - b));
  });

  test('BASIC leaves out arguments, return value and tracebacks', async () => {
    const id = fresh();
    await calls.create(id, { argsJson: '[1]' });
    await calls.start(id);
    await calls.failAttempt(id, 1);
    const opened = watch({ target: byIds(id), view: BASIC });
    await opened.ended;
    expect(snapshots(opened.events)).toEqual([await calls.get(id, { view: BASIC })]);
  });

  test('1,000 ids, each finished state once', async () => {
    const ids = Array.from({ length: 1_000 }, () => fresh('many'));
    await Promise.all(ids.map((id) => calls.create(id)));
    const opened = watch({ target: byIds(...ids) });
    await until(() => told(opened).length >= 1_000, 'all are there');
    await Promise.all(ids.map((id) => calls.fail(id)));
    expect(await opened.ended).toBe(status.OK);
    expect(told(opened).slice(0, -1).sort()).toEqual(
      ids.flatMap((id) => [`snapshot ${id}@1`, `snapshot ${id}@2`]).sort(),
    );
  });

  test('large results that no turn can hold all arrive', async () => {
    const argsJson = `["${'x'.repeat(1024 * 1024 - 4)}"]`;
    const ids = [fresh(), fresh(), fresh(), fresh()];
    for (const id of ids) await calls.create(id, { argsJson });
    const opened = watch({ target: byIds(...ids) });
    await until(() => told(opened).length === 4, 'all four');
    expect(told(opened).sort()).toEqual(ids.map((id) => `snapshot ${id}@1`).sort());
  });

  test('heartbeats go out while nothing else does', async () => {
    const id = await created();
    const opened = watch({ target: byIds(id), heartbeatInterval: ms(1_000) });
    await until(() => opened.heartbeats() >= 2, 'two heartbeats');
    expect(told(opened)).toEqual([`snapshot ${id}@1`]);
  });
});

test('a version that no result can have is taken as it is, and ends nothing', async () => {
  const service = await startOn('sqlite');
  const calls = callsOf(service);
  await calls.create('x');
  const most = 2n ** 63n - 1n;
  for (const id of ['x', 'missing']) {
    const taskResults = [{ id, known: { incarnation: most, revision: most } }];
    const opened = openWatch(service.reads, { target: { $case: 'ids', value: { taskResults } }, keepOpen: true });
    await until(() => opened.events.length > 0, 'it is told');
    expect(opened.events[0]?.$case).toBe('deleted');
    opened.stream.cancel();
    const known = { incarnation: most, revision: most };
    await calls.refresh(id, known).catch(() => {});
    await calls.wait({ id, known, until: WaitUntil.UNTIL_CHANGED }).catch(() => {});
    await calls.remove(id, { version: known }).catch(() => {});
    await calls.renew(id, 1, ms(1_000), most).catch(() => {});
  }
  expect((await calls.get('x')).id).toBe('x');
  await service.stop();
});

describe('the end of a watch', () => {
  test('SHUTTING_DOWN when the server stops, which waits for no watch', async () => {
    const service = await startOn('sqlite', { shutdownGraceMs: 60_000 });
    await callsOf(service).create('a');
    const opened = openWatch(service.reads, { target: byIds('a') });
    await until(() => opened.events.length === 1, 'the watch is open');
    await service.stopServer();
    expect(await opened.ended).toBe(status.OK);
    expect(opened.events.at(-1)).toEqual({ $case: 'end', value: { reason: Reason.REASON_SHUTTING_DOWN } });
    await service.stop();
  });

  test('MAX_AGE, and nothing is lost when it is opened again with the versions known', async () => {
    const watchConfig = { pollFastMs: 20, pollSlowMs: 50, rereadMs: 30_000, maxAgeMs: 300 };
    const service = await startOn('sqlite', { watch: watchConfig });
    try {
      const calls = callsOf(service);
      const incarnation = (await calls.create('a')).state?.incarnation as bigint;
      const opened = openWatch(service.reads, { target: byIds('a') });
      expect(await opened.ended).toBe(status.OK);
      expect(opened.events.at(-1)).toEqual({ $case: 'end', value: { reason: Reason.REASON_MAX_AGE } });
      await calls.fail('a');
      const again = openWatch(service.reads, { target: known(['a', incarnation, 1]) });
      await again.ended;
      expect(again.events.map(brief)).toEqual(['snapshot a@2', 'end']);
    } finally {
      await service.stop();
    }
  });

  test('a cancel cleans up: there is room for another one', async () => {
    const all = testConfig({ engine: 'sqlite', file: '' }).limits;
    const service = await startOn('sqlite', { limits: { ...all, maxWatches: 1, maxWatchedIds: 2 } });
    const request = { target: byIds('a', 'b'), keepOpen: true };
    try {
      for (let i = 0; i < 5; i++) {
        let opened = openWatch(service.reads, request);
        const answered = async () => {
          const code = await Promise.race([opened.ended, until(() => opened.events.length > 0, 'it opens')]);
          if (code === status.RESOURCE_EXHAUSTED) opened = openWatch(service.reads, request);
          return opened.events.length > 0;
        };
        await until(answered, 'there is room');
        opened.stream.cancel();
        expect(await opened.ended).toBe(status.CANCELLED);
      }
    } finally {
      await service.stop();
    }
  });
});

test('what another server writes arrives as well', async () => {
  const one = await startOn('mysql');
  const other = await serve(one.database);
  try {
    const calls = callsOf(other);
    await calls.create('a');
    const opened = openWatch(one.reads, { target: byIds('a'), keepOpen: true });
    await until(() => opened.events.length === 1, 'the watch is open');
    await calls.start('a');
    await until(() => opened.events.length === 2, 'the start arrives');
    await Promise.all([calls.remove('a'), calls.create('a', { argsJson: '["anew"]' })]);
    await until(() => opened.events.length === 4, 'the new result arrives');
    expect(opened.events.map(brief)).toEqual(['snapshot a@1', 'snapshot a@2', 'deleted a', 'snapshot a@1']);
    opened.stream.cancel();
  } finally {
    await other.stop();
    await one.stop();
  }
});
