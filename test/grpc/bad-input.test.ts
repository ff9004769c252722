import type { RecordTransitionsResponse } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { ANY_ERROR, type Calls, callsOf, ms } from '../support/calls';
import { describeStatus, type Refusal, refusal } from '../support/refusal';
import { RPCS, type RpcName, send } from '../support/rpcs';
import { startOn, type TestService } from '../support/service';

const KNOWN = 'known';
const MIB = 1024 * 1024;
/** 64 characters, which is the limit, though twice as many UTF-16 units. */
const MAX_ID = '😀'.repeat(64);
const TOO_LONG = '😀'.repeat(256);

type Row = [rpc: RpcName, what: string, given: object, field: string, reason?: 'PAYLOAD_TOO_LARGE'];

const task = (given: object) => ({ task: { path: 'p', ...given } });
const succeeded = (returnValueJson: string) => ({ outcome: { $case: 'succeeded', value: { returnValueJson } } });
const failed = (value: object) => ({ outcome: { $case: 'failed', value } });
const labels = (count: number) => new Map(Array.from({ length: count }, (_, i) => [`n${i}`, '']));
const label = (name: string, value: string) => new Map([[name, value]]);
const known = (...taskResults: object[]) => ({ target: { $case: 'ids', value: { taskResults } } });
const byFilter = (filter: object) => ({ target: { $case: 'filter', value: filter } });

const BY_ID = [
  ...(['StartAttempt', 'RenewLease', 'FinishAttempt', 'FailTaskResult', 'DeleteTaskResult'] as const),
  ...(['GetTaskResult', 'RefreshTaskResult', 'WaitTaskResult'] as const),
];

const IDS: Row[] = [
  ...BY_ID.flatMap((rpc): Row[] => [
    [rpc, 'an empty id', { id: '' }, 'id'],
    [rpc, 'an id of 65 characters', { id: 'x'.repeat(65) }, 'id'],
    [rpc, 'an id of 65 emoji', { id: '😀'.repeat(65) }, 'id'],
    [rpc, 'an id of 1 MiB', { id: 'x'.repeat(MIB) }, 'id'],
  ]),
  ['CreateTaskResult', 'an id of 65 characters', { id: 'x'.repeat(65) }, 'id'],
  ['CreateTaskResult', 'an id of 65 emoji', { id: '😀'.repeat(65) }, 'id'],
  ['BatchGetTaskResults', 'no ids', { ids: [] }, 'ids'],
  ['BatchGetTaskResults', '1,001 ids', { ids: Array(1_001).fill('a') }, 'ids'],
  ['BatchGetTaskResults', 'an empty id among others', { ids: ['a', ''] }, 'ids[1]'],
  ['BatchGetTaskResults', 'an id too long', { ids: ['x'.repeat(65)] }, 'ids[0]'],
  ['BatchRefreshTaskResults', 'none', { taskResults: [] }, 'task_results'],
  ['BatchRefreshTaskResults', '1,001', { taskResults: Array(1_001).fill({ id: 'a' }) }, 'task_results'],
  ['BatchRefreshTaskResults', 'an empty id', { taskResults: [{ id: 'a' }, { id: '' }] }, 'task_results[1].id'],
  ['WatchTaskResults', 'no ids', known(), 'ids.task_results'],
  ['WatchTaskResults', '1,001 ids', known(...Array(1_001).fill({ id: 'a' })), 'ids.task_results'],
  ['WatchTaskResults', 'an empty id', known({ id: '' }), 'ids.task_results[0].id'],
];

/** What no version may be, and the part of it that is at fault. */
const BAD_VERSIONS: [what: string, version: object, part: string][] = [
  ['a negative revision', { incarnation: 1n, revision: -1n }, 'revision'],
  ['a negative incarnation', { incarnation: -1n, revision: 1n }, 'incarnation'],
  ['a revision without its incarnation', { revision: 1n }, 'incarnation'],
];

const VERSIONS: Row[] = [
  ...BAD_VERSIONS.flatMap(([what, version, part]): Row[] => [
    ['DeleteTaskResult', what, { version }, `version.${part}`],
    ['RefreshTaskResult', what, { known: version }, `known.${part}`],
    ['WaitTaskResult', what, { known: version }, `known.${part}`],
    ['BatchRefreshTaskResults', what, { taskResults: [{ id: 'a', known: version }] }, `task_results[0].known.${part}`],
    ['WatchTaskResults', what, known({ id: 'a', known: version }), `ids.task_results[0].known.${part}`],
  ]),
  ['RenewLease', 'a negative incarnation', { incarnation: -1n }, 'incarnation'],
  ['FinishAttempt', 'a negative incarnation', { incarnation: -1n }, 'incarnation'],
];

const TASKS: Row[] = [
  ['CreateTaskResult', 'no task', { task: undefined }, 'task'],
  ['CreateTaskResult', 'no path', task({ path: '' }), 'task.path'],
  ['CreateTaskResult', 'a path too long', task({ path: TOO_LONG }), 'task.path'],
  ['CreateTaskResult', 'priority −101', task({ priority: -101 }), 'task.priority'],
  ['CreateTaskResult', 'priority 101', task({ priority: 101 }), 'task.priority'],
  ...[-1, 1_001].map(
    (maxAttempts): Row => [
      'CreateTaskResult',
      `${maxAttempts} attempts`,
      { attemptPolicy: { maxAttempts } },
      'attempt_policy.max_attempts',
    ],
  ),
  ['CreateTaskResult', 'a queue name too long', task({ queueName: TOO_LONG }), 'task.queue_name'],
  ['CreateTaskResult', 'a backend too long', { backend: TOO_LONG }, 'backend'],
  ['GetTaskResult', 'an expected path too long', { expectedTaskPath: TOO_LONG }, 'expected_task_path'],
  ...[
    { seconds: 1n, nanos: 1_000_000_000 },
    { seconds: 1n, nanos: -1 },
    { seconds: -1n, nanos: 0 },
    { seconds: 9_007_199_255n, nanos: 0 }, // the year 2255
    { seconds: 2n ** 63n - 1n, nanos: 0 },
    { seconds: -(2n ** 63n), nanos: 0 },
  ].map(
    (runAfter): Row => [
      'CreateTaskResult',
      `run_after ${runAfter.seconds} s ${runAfter.nanos} ns`,
      task({ runAfter }),
      'task.run_after',
    ],
  ),
];

const NOT_JSON = [
  'nothing',
  'NaN',
  'Infinity',
  '-Infinity',
  "'a'",
  '[1,]',
  '[1] [2]',
  '"\0"',
  '{a:1}',
  '01',
  ' ',
  '\ufeff1',
];
const TOO_MUCH_JSON = `"${'x'.repeat(MIB - 1)}"`;
/** Few enough characters, too many bytes. */
const TOO_MUCH_EMOJI = `"${'😀'.repeat(MIB / 4)}"`;

const JSON_FIELDS: Row[] = [
  ...NOT_JSON.flatMap((text): Row[] => [
    ['CreateTaskResult', `args ${JSON.stringify(text)}`, { argsJson: text }, 'args_json'],
    ['CreateTaskResult', `args with ${JSON.stringify(text)}`, { argsJson: `[${text}]` }, 'args_json'],
    ['CreateTaskResult', `kwargs ${JSON.stringify(text)}`, { kwargsJson: text }, 'kwargs_json'],
    ['FinishAttempt', `value ${JSON.stringify(text)}`, succeeded(text), 'succeeded.return_value_json'],
  ]).filter(([, what]) => what !== 'args with " "'),
  ...['{}', 'null', '1', '"[]"'].map(
    (text): Row => ['CreateTaskResult', `args ${text}`, { argsJson: text }, 'args_json'],
  ),
  ...['[]', 'null', '1', '"{}"'].map(
    (text): Row => ['CreateTaskResult', `kwargs ${text}`, { kwargsJson: text }, 'kwargs_json'],
  ),
  ...[TOO_MUCH_JSON, TOO_MUCH_EMOJI].flatMap((text): Row[] => [
    ['CreateTaskResult', 'args above 1 MiB', { argsJson: `[${text}]` }, 'args_json', 'PAYLOAD_TOO_LARGE'],
    ['CreateTaskResult', 'kwargs above 1 MiB', { kwargsJson: `{"a":${text}}` }, 'kwargs_json', 'PAYLOAD_TOO_LARGE'],
    ['FinishAttempt', 'a value above 1 MiB', succeeded(text), 'succeeded.return_value_json', 'PAYLOAD_TOO_LARGE'],
  ]),
  [
    'CreateTaskResult',
    'args and kwargs above 1 MiB together',
    { argsJson: `["${'x'.repeat(MIB - 10)}"]`, kwargsJson: '{"a":1}' },
    'kwargs_json',
    'PAYLOAD_TOO_LARGE',
  ],
];

const LABELS: Row[] = [
  ['CreateTaskResult', '33 labels', { metadata: labels(33) }, 'metadata', 'PAYLOAD_TOO_LARGE'],
  ['CreateTaskResult', 'a label without a name', { metadata: label('', 'x') }, 'metadata'],
  ['CreateTaskResult', 'a label name too long', { metadata: label('x'.repeat(64), '') }, 'metadata'],
  [
    'CreateTaskResult',
    'a label value too long',
    { metadata: label('a', TOO_LONG) },
    'metadata["a"]',
    'PAYLOAD_TOO_LARGE',
  ],
  ['ListTaskResults', '33 labels', { filter: { metadata: labels(33) } }, 'filter.metadata', 'PAYLOAD_TOO_LARGE'],
  ['ListTaskResults', 'a label without a name', { filter: { metadata: label('', 'x') } }, 'filter.metadata'],
  ['WatchTaskResults', 'a label name too long', byFilter({ metadata: label(TOO_LONG, '') }), 'filter.metadata'],
];

const ATTEMPTS: Row[] = [
  ['StartAttempt', 'no worker', { workerId: '' }, 'worker_id'],
  ['StartAttempt', 'a worker too long', { workerId: TOO_LONG }, 'worker_id'],
  ['StartAttempt', 'a request id too long', { requestId: TOO_LONG }, 'request_id'],
  ...(['RenewLease', 'FinishAttempt'] as const).flatMap((rpc): Row[] => [
    [rpc, 'attempt 0', { attempt: 0 }, 'attempt'],
    [rpc, 'a negative attempt', { attempt: -1 }, 'attempt'],
  ]),
  ['RenewLease', 'no lease', { lease: undefined }, 'lease'],
  ...(['StartAttempt', 'RenewLease'] as const).flatMap((rpc) =>
    [
      ms(0),
      ms(0.999),
      ms(-1),
      { seconds: 7n * 24n * 3_600n, nanos: 1_000 },
      { seconds: 1n, nanos: 1_000_000_000 },
      { seconds: 1n, nanos: -1 },
      { seconds: 2n ** 63n - 1n, nanos: 0 },
      { seconds: -(2n ** 63n), nanos: 0 },
    ].map((lease): Row => [rpc, `a lease of ${lease.seconds} s ${lease.nanos} ns`, { lease }, 'lease']),
  ),
  ['FinishAttempt', 'no outcome', { outcome: undefined }, 'outcome'],
  ['FinishAttempt', 'a failure without its error', failed({}), 'failed.error'],
  ['FinishAttempt', 'an error without its class', failed({ error: {} }), 'failed.error.exception_class_path'],
  ['FailTaskResult', 'an error without its class', { error: { message: 'x' } }, 'error.exception_class_path'],
];

const READS: Row[] = [
  ...(['GetTaskResult', 'BatchGetTaskResults', 'WaitTaskResult', 'ListTaskResults', 'WatchTaskResults'] as const).map(
    (rpc): Row => [rpc, 'an unknown view', { view: 99 }, 'view'],
  ),
  ['WaitTaskResult', 'an unknown thing to wait for', { until: 99 }, 'until'],
  ['WaitTaskResult', 'a negative timeout', { timeout: ms(-1) }, 'timeout'],
  ['WaitTaskResult', 'a timeout of −1 ns', { timeout: { seconds: 0n, nanos: -1 } }, 'timeout'],
  ['WaitTaskResult', 'nanoseconds out of range', { timeout: { seconds: 1n, nanos: 1_000_000_000 } }, 'timeout'],
  ['ListTaskResults', 'a negative page size', { pageSize: -1 }, 'page_size'],
  ['ListTaskResults', 'a page size of 1,001', { pageSize: 1_001 }, 'page_size'],
  ...['garbage', '\0', '😀', 'x'.repeat(100_000), Buffer.from('{}').toString('base64')].map(
    (pageToken): Row => ['ListTaskResults', `token ${pageToken.slice(0, 8)}`, { pageToken }, 'page_token'],
  ),
  ...[
    [{ statuses: [99] }, 'statuses[0]'] as const,
    [{ statuses: [1, 0] }, 'statuses[1]'] as const,
    [{ statuses: Array(101).fill(1) }, 'statuses'] as const,
    [{ statuses: Array(100_000).fill(1) }, 'statuses'] as const,
    [{ taskPath: TOO_LONG }, 'task_path'] as const,
    [{ queueName: TOO_LONG }, 'queue_name'] as const,
    [{ backend: TOO_LONG }, 'backend'] as const,
    [{ workerId: TOO_LONG }, 'worker_id'] as const,
    [{ enqueued: { start: { seconds: -1n, nanos: 0 } } }, 'enqueued.start'] as const,
    [{ enqueued: { end: { seconds: 1n, nanos: -1 } } }, 'enqueued.end'] as const,
    [{ finished: { start: { seconds: 1n, nanos: 1_000_000_000 } } }, 'finished.start'] as const,
    [{ finished: { end: { seconds: 2n ** 62n, nanos: 0 } } }, 'finished.end'] as const,
  ].flatMap(([filter, field]): Row[] => [
    ['ListTaskResults', `by ${field}`, { filter }, `filter.${field}`],
    ['WatchTaskResults', `by ${field}`, byFilter(filter), `filter.${field}`],
  ]),
  ['WatchTaskResults', 'nothing to watch', { target: undefined }, 'target'],
  ...[ms(0), ms(999), ms(60_001), ms(-1_000)].map(
    (heartbeatInterval): Row => [
      'WatchTaskResults',
      `a heartbeat every ${heartbeatInterval.seconds} s ${heartbeatInterval.nanos} ns`,
      { heartbeatInterval },
      'heartbeat_interval',
    ],
  ),
];

/** As RecordTransitions takes them. */
const TRANSITIONS: Partial<Record<RpcName, string>> = {
  CreateTaskResult: 'create',
  StartAttempt: 'start',
  RenewLease: 'renew',
  FinishAttempt: 'finish',
  FailTaskResult: 'fail',
  DeleteTaskResult: 'delete',
};

describe('bad input', () => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn('sqlite');
    calls = callsOf(service);
    await calls.create(KNOWN);
    await calls.start(KNOWN);
  });
  afterAll(() => service?.stop());

  const everything = () => calls.list({});

  describe.each([
    ['ids', IDS],
    ['versions', VERSIONS],
    ['tasks', TASKS],
    ['JSON', JSON_FIELDS],
    ['labels', LABELS],
    ['attempts', ATTEMPTS],
    ['reads', READS],
  ])('in %s is refused, names its field, and changes nothing:', (_what, rows) => {
    test.each(rows)('%s with %s', async (name, _what, given, field, reason = undefined) => {
      const before = await everything();
      const request = { ...RPCS[name].good(KNOWN), ...given };
      const expected = { code: 'INVALID_ARGUMENT', reason: reason ?? 'INVALID_FIELD', fields: [field] };
      expect(await refusal(send(service, name, request))).toMatchObject(expected);
      const $case = TRANSITIONS[name];
      if ($case) expect(await outcomeOf($case, request)).toMatchObject(expected);
      expect(await everything()).toEqual(before);
    });
  });

  /** The same within RecordTransitions. */
  const outcomeOf = async ($case: string, value: object): Promise<Refusal> => {
    const answer = await send(service, 'RecordTransitions', { number: 7n, transition: { $case, value } });
    const { number, outcome } = answer as RecordTransitionsResponse;
    expect(number).toBe(7n);
    if (outcome?.$case !== 'error') throw new Error('it was not refused');
    return describeStatus(outcome.value);
  };

  test('a transition that says nothing', async () => {
    const answer = (await send(service, 'RecordTransitions', { number: 7n })) as RecordTransitionsResponse;
    const error = answer.outcome?.$case === 'error' ? answer.outcome.value : undefined;
    expect(describeStatus(error)).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['transition'] });
  });

  describe('at its limit is good:', () => {
    test.each<[RpcName, object]>([
      ['CreateTaskResult', { id: MAX_ID }],
      ['CreateTaskResult', { task: { path: '😀'.repeat(255), priority: -100, queueName: '😀'.repeat(255) } }],
      ['CreateTaskResult', task({ priority: 100, runAfter: { seconds: 9_007_199_254n, nanos: 740_991_999 } })],
      ['CreateTaskResult', task({ runAfter: { seconds: 0n, nanos: 0 } })],
      ['CreateTaskResult', { argsJson: `["${'x'.repeat(MIB - 4)}"]` }],
      ['CreateTaskResult', { argsJson: `["${'x'.repeat(MIB - 12)}"]`, kwargsJson: '{"a":1}', id: 'both' }],
      ['CreateTaskResult', { attemptPolicy: { maxAttempts: 1_000 }, id: 'attempts' }],
      ['CreateTaskResult', { metadata: labels(32) }],
      ['CreateTaskResult', { metadata: label('😀'.repeat(63), '😀'.repeat(255)) }],
      ['BatchGetTaskResults', { ids: Array(1_000).fill('a') }],
      ['ListTaskResults', { pageSize: 1_000 }],
      ['RenewLease', { lease: ms(1) }],
      ['RenewLease', { lease: ms(7 * 24 * 3_600_000) }],
      ['WatchTaskResults', { heartbeatInterval: ms(1_000) }],
      ['WatchTaskResults', { heartbeatInterval: ms(60_000) }],
      ['RefreshTaskResult', { known: { incarnation: 2n ** 63n - 1n, revision: 2n ** 63n - 1n } }],
      ['StartAttempt', { requestId: '😀'.repeat(255), force: true }],
      ['RenewLease', { attempt: 2 }],
    ])('%s %#', async (name, given) => {
      await send(service, name, { ...RPCS[name].good(KNOWN), ...given });
    });
  });

  test('what is given for a text is told in no error', async () => {
    const secret = 'hunter2';
    const { message } = await refusal(calls.create('new', { argsJson: `[${secret}]` }));
    expect(message).not.toContain(secret);
    const large = { ...ANY_ERROR, exceptionClassPath: '', message: secret };
    expect((await refusal(calls.failAttempt(KNOWN, 1, false, large))).message).not.toContain(secret);
  });
});
