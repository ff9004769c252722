import { Metadata, status } from '@grpc/grpc-js';
import { ErrorInfo, RetryInfo } from '@taskresults/protocol/google/rpc/error_details';
import { Status } from '@taskresults/protocol/google/rpc/status';
import { until } from '../../../test/support/until';
import { AttemptInProgressError, type TaskResults } from '../src/index';
import { Fixture, freshId } from './support/fixture';
import { Gateway, type Intervention } from './support/gateway';

let fixture: Fixture;
/** Talks to the server itself. */
let direct: TaskResults;
let gateway: Gateway;
/** Talks to the gateway. */
let client: TaskResults;

beforeAll(async () => {
  fixture = await Fixture.start();
  direct = fixture.client();
  let target: string;
  [gateway, target] = await Gateway.to(fixture.server.port);
  client = fixture.client({ target });
});

afterEach(() => {
  gateway.intervene = () => null;
});

afterAll(async () => {
  gateway.close();
  await fixture.remove();
});

/** The next `times` calls of this method are answered so; returns how many it has seen. */
function answer(method: string, intervention: Intervention, times = 1): () => number {
  let calls = 0;
  gateway.intervene = (called) => (called === method && ++calls <= times ? intervention : null);
  return () => calls;
}

function withDetails(...details: { typeUrl: string; value: Uint8Array }[]): Metadata {
  const packed = Status.fromPartial({
    details: details.map(({ typeUrl, value }) => ({ typeUrl, value: Buffer.from(value) })),
  });
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(Status.encode(packed).finish()));
  return metadata;
}

function reason(reason: string) {
  const info = ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain: 'taskresults.v1' })).finish();
  return { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: info };
}

function retryAfter(seconds: bigint) {
  const info = RetryInfo.encode(RetryInfo.fromPartial({ retryDelay: { seconds } })).finish();
  return { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: info };
}

const REFUSALS: [string, Exclude<Intervention, 'silence'>][] = [
  ...(
    [
      'UNIMPLEMENTED',
      'UNAUTHENTICATED',
      'PERMISSION_DENIED',
      'RESOURCE_EXHAUSTED',
      'NOT_FOUND',
      'INVALID_ARGUMENT',
      'FAILED_PRECONDITION',
      'INTERNAL',
    ] as const
  ).map((name): [string, Exclude<Intervention, 'silence'>] => [
    name,
    { code: status[name], details: 'so says the gateway' },
  ]),
  ["the server's own INTERNAL", { code: status.INTERNAL, details: 'a bug', metadata: withDetails(reason('INTERNAL')) }],
  [
    "the server's own UNAUTHENTICATED",
    { code: status.UNAUTHENTICATED, details: 'unknown token', metadata: withDetails(reason('UNAUTHENTICATED')) },
  ],
];

describe('a refusal that says nothing about the value leaves a success a success:', () => {
  test.each(REFUSALS)('%s, and the report is taken when it is made again', async (_, refusal) => {
    const seen = answer('FinishAttempt', refusal);
    const id = freshId();
    const result = await client.run({ path: 'app.tasks.pages', id }, 'w', () => ({ pages: 12 }));
    expect(result).toMatchObject({ status: 'SUCCESSFUL', returnValue: { pages: 12 }, errors: [] });
    expect(seen()).toBe(2);
  });

  test.each(REFUSALS.slice(0, 4))(
    '%s until the lease is over is thrown, and nothing is reported',
    async (_, refusal) => {
      const seen = answer('FinishAttempt', refusal, Number.POSITIVE_INFINITY);
      const id = freshId();
      const run = client.run({ path: 'app.tasks.pages', id }, 'w', () => 1, { leaseMs: 1_000 });
      await expect(run).rejects.toMatchObject({ code: refusal.code });
      expect(seen()).toBeGreaterThan(1);
      expect((await direct.get(id)).status).not.toBe('FAILED');
    },
  );

  test.each([
    'Received message larger than max (9000000 vs 4194304)',
    'grpc: received message larger than max (9000000 vs. 4194304)',
    'gRPC message exceeds maximum size 4194304: 9000000',
  ])('but a message that is too large is one about the value: %s', async (details) => {
    answer('FinishAttempt', { code: status.RESOURCE_EXHAUSTED, details });
    const id = freshId();
    await expect(client.run({ path: 'app.tasks.pages', id }, 'w', () => 1)).rejects.toThrow(details);
    expect(await direct.get(id)).toMatchObject({
      status: 'FAILED',
      errors: [{ message: expect.stringMatching(/^the return value is too large: /) }],
    });
  });
});

test.each([
  ['the status', Buffer.from([0x1a, 0xff, 0xff, 0xff, 0x7f])],
  [
    'a detail',
    Buffer.from(
      Status.encode(Status.fromPartial({ details: [{ ...reason(''), value: Buffer.from([0x0a, 0x7f]) }] })).finish(),
    ),
  ],
])('an error whose details are garbled is the error without them: %s', async (_, garbled) => {
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', garbled);
  answer('GetTaskResult', { code: status.NOT_FOUND, details: 'no such page', metadata });
  await expect(client.get('x')).rejects.toMatchObject({ reason: 'NOT_FOUND', message: 'no such page', code: 5 });
});

test('a renewal that is never answered does not lose the attempt', async () => {
  const seen = answer('RenewLease', 'silence');
  const id = freshId();
  const refusals: unknown[] = [];
  const work = async () => {
    await until(() => seen() === 1, 'the first renewal has come');
    const endsAt = performance.now() + 6_000;
    await until(async () => {
      await direct.startAttempt(id, 'w2').catch((error) => refusals.push(error));
      return performance.now() > endsAt;
    }, 'the first lease would have run out');
    return 'done';
  };
  expect(await client.run({ path: 'app.tasks.slow', id }, 'w1', work, { leaseMs: 6_000 })).toMatchObject({
    status: 'SUCCESSFUL',
    workerIds: ['w1'],
  });
  for (const refusal of refusals) expect(refusal).toBeInstanceOf(AttemptInProgressError);
});

describe('a watch of events', () => {
  const bug = { code: status.INTERNAL, details: 'a bug', metadata: withDetails(reason('INTERNAL')) };

  async function firstEvent(): Promise<unknown> {
    const { id } = await direct.create({ path: 'app.tasks.watched', id: freshId() });
    for await (const event of client.watchEvents({ ids: [id] })) return event;
    throw new Error('no event');
  }

  test.each([
    ['a reset', { code: status.CANCELLED, details: 'so says the gateway' }, 4],
    ['a bug', bug, 2],
  ])('is opened again after %s', async (_, intervention, times) => {
    const seen = answer('WatchTaskResults', intervention, times);
    expect(await firstEvent()).toMatchObject({ type: 'snapshot' });
    expect(seen()).toBe(times + 1);
  });

  test.each([
    ['a limit', 'LIMIT_REACHED', status.RESOURCE_EXHAUSTED, [], 490],
    ['a server that asks for a pause', 'STORE_UNAVAILABLE', status.UNAVAILABLE, [retryAfter(1n)], 990],
  ])('is opened again after a longer pause by %s', async (_, why, code, further, ms) => {
    answer('WatchTaskResults', { code, details: why, metadata: withDetails(reason(why), ...further) });
    const startedAt = performance.now();
    await firstEvent();
    expect(performance.now() - startedAt).toBeGreaterThan(ms);
  });

  test.each([
    ['three bugs in a row', bug, 3, 'INTERNAL'],
    ['anything else', { code: status.ABORTED, details: 'so says the gateway' }, 1, 'ABORTED'],
  ])('is ended by %s', async (_, intervention, times, why) => {
    const seen = answer('WatchTaskResults', intervention, times);
    await expect(firstEvent()).rejects.toMatchObject({ reason: why });
    expect(seen()).toBe(times);
  });
});

test('a call is tried once more before its time is over, however long the pause would be', async () => {
  const full = { code: status.RESOURCE_EXHAUSTED, details: 'full', metadata: withDetails(reason('LIMIT_REACHED')) };
  const seen = answer('BatchGetTaskResults', full, 2);
  // The second pause would be over after the deadline, or close to it.
  expect(await client.getMany(['x'], { timeoutMs: 2_000 })).toEqual({ found: [], missing: ['x'] });
  expect(seen()).toBe(3);
});

test.each([3_600n, 2n])('but no sooner than the server asks for: %d s', async (seconds) => {
  const metadata = withDetails(reason('STORE_UNAVAILABLE'), retryAfter(seconds));
  const seen = answer('BatchGetTaskResults', { code: status.UNAVAILABLE, details: 'busy', metadata });
  const call = client.getMany(['x'], { timeoutMs: 2_500 });
  await expect(call).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  expect(seen()).toBe(1);
});

test('a last try that gets no answer does not hide the failure before it', async () => {
  const busy = { code: status.UNAVAILABLE, details: 'busy', metadata: withDetails(reason('STORE_UNAVAILABLE')) };
  let calls = 0;
  gateway.intervene = () => (++calls === 1 ? busy : 'silence');
  await expect(client.get('x', { timeoutMs: 500 })).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  expect(calls).toBe(2);
  await expect(client.get('x', { timeoutMs: 500 })).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
});

test('an answer that comes before the deadline is what is thrown, whatever was before', async () => {
  let calls = 0;
  const codes = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
  gateway.intervene = () => ({ code: codes[calls++] as number, details: 'so says the gateway' });
  await expect(client.get('x')).rejects.toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  expect(calls).toBe(2);
});
