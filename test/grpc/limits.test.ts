import { byteLength } from '../../src/domain/text';
import { type Calls, callsOf, FAILED } from '../support/calls';
import { fresh } from '../support/fresh';
import { refusal, refused } from '../support/refusal';
import { send } from '../support/rpcs';
import { startOn, type TestService, testConfig } from '../support/service';
import { until } from '../support/until';
import { byIds, openWatch } from '../support/watching';

const KIB = 1024;
const DEFAULTS = testConfig({ engine: 'sqlite', file: '' }).limits;

describe('a failure is cut rather than lost:', () => {
  let service: TestService;
  let calls: Calls;
  beforeAll(async () => {
    service = await startOn('sqlite');
    calls = callsOf(service);
  });
  afterAll(() => service?.stop());

  const kept = async (given: { message?: string; traceback?: string; exceptionClassPath?: string }) => {
    const id = fresh();
    await calls.create(id);
    await calls.start(id);
    await calls.failAttempt(id, 1, false, { exceptionClassPath: 'E', message: 'm', ...given });
    const result = await calls.get(id);
    expect(result.status).toBe(FAILED);
    return result.errors[0];
  };

  test('a traceback above 256 KiB, at a code point, with a marker', async () => {
    const traceback = `x${'😀'.repeat(100_000)}`; // 400,001 bytes; 256 KiB fall into a character
    const error = await kept({ traceback });
    const [beginning = '', marker] = error?.traceback.split('\n') ?? [];
    expect(beginning).toBe(traceback.slice(0, beginning.length));
    expect(byteLength(beginning)).toBe(256 * KIB - 3);
    expect(marker).toBe(`[cut: ${400_001 - 256 * KIB + 3} more bytes]`);
  });

  test('a message above 64 KiB, with a marker', async () => {
    const error = await kept({ message: 'é'.repeat(40_000) });
    expect(error?.message).toBe(`${'é'.repeat(32 * KIB)}\n[cut: ${80_000 - 64 * KIB} more bytes]`);
  });

  test('a class path above 1,000 characters', async () => {
    expect((await kept({ exceptionClassPath: '😀'.repeat(1_200) }))?.exceptionClassPath).toBe('😀'.repeat(1_000));
    const odd = `x${'😀'.repeat(1_200)}`;
    expect((await kept({ exceptionClassPath: odd }))?.exceptionClassPath).toBe([...odd].slice(0, 1_000).join(''));
  });

  test('what is at its limit stays whole', async () => {
    const whole = {
      message: 'm'.repeat(64 * KIB),
      traceback: 't'.repeat(256 * KIB),
      exceptionClassPath: 'c'.repeat(1_000),
    };
    expect(await kept(whole)).toMatchObject(whole);
  });

  test('of many failures the newest stay whole, and the oldest are dropped', async () => {
    const id = fresh();
    await calls.create(id);
    const error = { exceptionClassPath: 'E', message: 'm'.repeat(64 * KIB), traceback: 't'.repeat(256 * KIB) };
    for (let attempt = 1; attempt <= 30; attempt++) {
      await calls.start(id);
      await calls.failAttempt(id, attempt, true, error);
    }
    const result = await calls.get(id);
    expect(result).toMatchObject({ attempts: 30, errorCount: 30, workerIds: { length: 30 } });
    expect(result.errors).toMatchObject([28, 29, 30].map((attempt) => ({ attempt, ...error })));
  });
});

describe('limits are configurable:', () => {
  const withLimits = async (
    limits: Partial<typeof DEFAULTS>,
    test: (service: TestService, calls: Calls) => Promise<void>,
  ) => {
    const service = await startOn('sqlite', { limits: { ...DEFAULTS, ...limits } });
    try {
      await test(service, callsOf(service));
    } finally {
      await service.stop();
    }
  };

  test('JSON, worker ids, tracebacks', () =>
    withLimits({ maxJsonSize: 100, maxWorkerIdLength: 3, maxTracebackSize: 5 }, async (_service, calls) => {
      const large = calls.create('a', { argsJson: `["${'x'.repeat(97)}"]` });
      expect(await refused(large)).toBe('INVALID_ARGUMENT PAYLOAD_TOO_LARGE');
      await calls.create('a', { argsJson: `["${'x'.repeat(96)}"]` });
      expect((await refusal(calls.start('a', 'four'))).fields).toEqual(['worker_id']);
      await calls.start('a', '😀😀😀');
      await calls.failAttempt('a', 1, false, { exceptionClassPath: 'E', traceback: '123456' });
      expect((await calls.get('a')).errors[0]?.traceback).toBe('12345\n[cut: 1 more bytes]');
    }));

  test('messages', () =>
    withLimits({ maxMessageSize: 10_000 }, async (_service, calls) => {
      const { code } = await refusal(calls.create('a', { argsJson: `["${'x'.repeat(20_000)}"]` }));
      expect(code).toBe('RESOURCE_EXHAUSTED');
    }));

  test('maxWatches: one too many is refused, and there is room again when one has gone', () =>
    withLimits({ maxWatches: 2 }, async (service, calls) => {
      for (const id of ['a', 'b', 'c']) await calls.create(id);
      const [first] = ['a', 'b'].map((id) => openWatch(service.reads, { target: byIds(id) }));
      const third = () => send(service, 'WatchTaskResults', { target: byIds('c') });
      await until(() => first?.events.length === 1, 'the first watch is open');
      await until(
        async () =>
          (await third().then(
            () => null,
            () => 'refused',
          )) !== null,
        'both watches are open',
      );
      expect(await refused(third())).toBe('RESOURCE_EXHAUSTED LIMIT_REACHED');
      first?.stream.cancel();
      await until(
        async () =>
          await third().then(
            () => true,
            () => false,
          ),
        'there is room again',
      );
    }));

  test('watched ids, counted over all watches', () =>
    withLimits({ maxWatchedIds: 3 }, async (service, calls) => {
      for (const id of ['a', 'b', 'c', 'd']) await calls.create(id);
      const two = openWatch(service.reads, { target: byIds('a', 'b') });
      await until(() => two.events.length === 2, 'the first watch is open');
      const another = (...ids: string[]) => send(service, 'WatchTaskResults', { target: byIds(...ids) });
      expect(await refused(another('c', 'd'))).toBe('RESOURCE_EXHAUSTED LIMIT_REACHED');
      await another('c');
      await calls.fail('a'); // a finished result is followed no more
      await until(() => two.events.length === 3, 'the end of a is told');
      await until(
        () =>
          another('c', 'd').then(
            () => true,
            () => false,
          ),
        'there is room again',
      );
      two.stream.cancel();
    }));
});
