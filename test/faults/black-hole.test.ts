import { status } from '@grpc/grpc-js';
import {
  RecordTransitionsRequest,
  type RecordTransitionsResponse,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { callsOf, createRequest, ms, SUCCESSFUL } from '../support/calls';
import { type LinkedDatabase, linkedDatabase } from '../support/linked-database';
import { refusal } from '../support/refusal';
import { RPC_NAMES, RPCS, type RpcName, send } from '../support/rpcs';
import { serve, type TestService } from '../support/service';
import { until } from '../support/until';
import { brief, byIds, openWatch } from '../support/watching';

const CALL_TIMEOUT_MS = 1_500;
const UNARY = RPC_NAMES.filter((name) => !RPCS[name].method.requestStream && !RPCS[name].method.responseStream);

/** More than one stream may have under way. */
const TRANSITIONS = 3_000;

/** What a wait may take here: a few times what it does on a busy machine, and less than any other bound. */
const LONG_MS = 60_000;

let database: LinkedDatabase;
let service: TestService;

async function start(callTimeoutMs: number): Promise<void> {
  database = await linkedDatabase();
  service = await serve(database.linked, { callTimeoutMs });
  const { create, start } = callsOf(service);
  for (const id of ['running', 'other']) await create(id);
  await start('running');
}

afterEach(async () => {
  database.link.heal();
  await service.stop();
  await database.drop();
});

test('each unary call ends while the link says nothing, and works when it is back', async () => {
  await start(CALL_TIMEOUT_MS);
  database.link.stall();
  const ends = await Promise.all(
    UNARY.map(async (name) => ({ name, end: await refusal(send(service, name, RPCS[name].good('running'))) })),
  );
  for (const { name, end } of ends) {
    const { code, reason, retryMs } = end;
    expect({ name, code, reason }).toEqual({ name, code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' });
    expect(retryMs).toBeGreaterThan(0);
  }
  const bound = `the store did not answer within ${CALL_TIMEOUT_MS / 1_000} s`;
  const own = new Set<RpcName>(['WaitTaskResult']);
  for (const { name, end } of ends) if (!own.has(name)) expect(end.message).toBe(bound);

  database.link.heal();
  const isBack = () =>
    Promise.all([callsOf(service).get('other'), callsOf(service).list(), callsOf(service).batchGet(['other'])]).then(
      () => true,
      () => false,
    );
  await until(isBack, 'all is answered again');
});

test('a wait ends a second after its own time, whatever the bound of other calls', async () => {
  await start(10 * LONG_MS);
  database.link.stall();
  const since = performance.now();
  const { code, reason } = await refusal(callsOf(service).wait({ id: 'running', timeout: ms(1_000) }));
  expect({ code, reason }).toEqual({ code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' });
  expect(performance.now() - since).toBeLessThan(LONG_MS);
});

test('a wait that has read the result before the link said nothing does not answer with it', async () => {
  await start(10 * LONG_MS);
  const waiting = refusal(callsOf(service).wait({ id: 'running', timeout: ms(3_000) }));
  // It has read when another that came after it has.
  await callsOf(service).wait({ id: 'running', timeout: ms(0) });
  database.link.stall();
  expect(await waiting).toMatchObject({ code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE' });
});

test('each transition of a stream is answered, and more are taken', async () => {
  await start(CALL_TIMEOUT_MS);
  database.link.stall();
  const stream = service.writes.recordTransitions();
  const answered = new Map<bigint, number | undefined>();
  stream.on('data', ({ number, outcome }: RecordTransitionsResponse) => {
    answered.set(number, outcome?.$case === 'error' ? outcome.value.code : undefined);
  });
  const ended = new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)));
  stream.on('error', () => {});
  for (let n = 0; n < TRANSITIONS; n++) {
    const transition = { $case: 'create' as const, value: createRequest({ id: `streamed ${n}` }) };
    stream.write(RecordTransitionsRequest.fromPartial({ number: BigInt(n), transition }));
  }
  stream.end();
  expect(await ended).toBe(status.OK);
  expect(answered.size).toBe(TRANSITIONS);
  expect(new Set(answered.values())).toEqual(new Set([status.UNAVAILABLE]));
});

test('the first read of a watch ends it; later ones are made again once the link is back', async () => {
  await start(CALL_TIMEOUT_MS);
  const heartbeatInterval = ms(1_000);
  const early = openWatch(service.reads, { target: byIds('running'), heartbeatInterval });
  const filtered = openWatch(service.reads, { target: { $case: 'filter', value: {} }, heartbeatInterval });
  await until(() => early.events.length === 1 && filtered.events.length === 2, 'both have begun');
  database.link.stall();

  const late = [byIds('running'), byIds('running', 'other'), { $case: 'filter' as const, value: {} }].map((target) =>
    openWatch(service.reads, { target }),
  );
  for (const { ended } of late) expect(await ended).toBe(status.UNAVAILABLE);
  const heartbeats = early.heartbeats();
  await until(() => early.heartbeats() > heartbeats + 1, 'the watch that was there goes on');

  database.link.heal();
  const finished = () =>
    callsOf(service)
      .succeed('running')
      .then(
        () => true,
        () => false,
      );
  await until(finished, 'writes work again');
  await early.ended;
  expect(early.events.map(brief)).toEqual(['snapshot running@2', 'snapshot running@3', 'end']);
  await until(() => filtered.events.map(brief).includes('snapshot running@3'), 'the watch by filter sees it, too');
  filtered.stream.cancel();
  expect((await callsOf(service).get('running')).status).toBe(SUCCESSFUL);
});
