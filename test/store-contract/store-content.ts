import type { TaskResultStore } from '../../src/domain/store';
import type { TaskResult, View } from '../../src/domain/task-result';
import { ANY_TASK, create, failAttempt, reported, start, succeed } from '../support/commands';
import { outcomes } from '../support/decisions';
import { fresh } from '../support/fresh';
import type { TemporaryStore } from '../support/temporary-store';

const MIB = 1024 * 1024;

/** JSON values that drivers, columns and parsers like to rewrite. */
const JSON_VALUES: Record<string, string> = {
  'a 23-digit integer': '12345678901234567890123',
  '1.0 beside 1 and 1e0': '[1.0, 1, 1e0, -0, -0.0]',
  'an escaped NUL': '"a\\u0000b"',
  'escapes of characters that need none': '"\\u0061\\/\\ud83d\\ude00"',
  'a lone surrogate, escaped': '"\\ud800"',
  emoji: '"😀👩‍👩‍👧"',
  'key order and repeated keys': '{"b": 1, "a": 2, "b": 3, "__proto__": 4}',
  'white space': ' {\t"a" :\r\n [ ] } ',
  'quotes, backslashes, question marks and colons': '"\'` \\" \\\\ ? ?? :ids ... $1"',
  null: 'null',
  'a string that looks like a number': '"123"',
  '1 MiB of ASCII': `"${'x'.repeat(MIB - 2)}"`,
  '1 MiB of characters of 4 bytes': `"${'😀'.repeat(MIB / 4 - 1)}"`,
  '1 MiB of characters that SQL escapes': `"${'\\\\'.repeat(MIB / 2 - 1)}"`,
};

/** Pairs that an engine's collation may take for one. */
const DIFFERENT_IDS: Record<string, [string, string]> = {
  case: ['ids-a', 'ids-A'],
  'trailing spaces': ['ids-b', 'ids-b '],
  accents: ['ids-o', 'ids-ö'],
  'composed and decomposed characters': ['ids-\u00e9', 'ids-e\u0301'],
  emoji: ['ids-😀', 'ids-😁'],
  'what stands behind a NUL': ['ids\0a', 'ids\0b'],
  'a NUL at the end': ['ids-c', 'ids-c\0'],
  'the last of 64 characters of 4 bytes': ['😀'.repeat(64), `${'😀'.repeat(63)}😁`],
  'ß and ss': ['ids-ß', 'ids-ss'],
};

/** What goes in comes out. */
export function describeContent(opened: () => TemporaryStore): void {
  const read = (id: string, view: View = 'FULL') => readOne(opened().store, id, view);

  describe('ids are told apart by', () => {
    test.each(Object.entries(DIFFERENT_IDS))('%s', async (_what, [one, other]) => {
      const { store } = opened();
      await store.transact([create(one, { argsJson: '["one"]' })]);
      expect(await store.read([other], 'FULL')).toEqual([]);
      await store.transact([create(other, { argsJson: '["other"]' }), start(other)]);
      expect(await read(one)).toMatchObject({ id: one, argsJson: '["one"]', workerIds: [] });
      expect(await read(other)).toMatchObject({ id: other, argsJson: '["other"]', workerIds: ['w1'] });
      // Each has values of its own in the one statement that changes both.
      const both = [
        start(one, 'w2', { lease: 1_000_000, requestId: 'r' }),
        start(other, 'w3', { lease: 2_000_000, force: true, requestId: 'r' }),
      ];
      const states = async () =>
        (await store.transact(both)).map((decision) => ('state' in decision ? decision.state : decision));
      expect(await states()).toEqual(await states());
    });
  });

  describe('JSON comes back byte for byte:', () => {
    test.each(Object.entries(JSON_VALUES))('%s', async (_what, value) => {
      const id = fresh();
      const [argsJson, kwargsJson] = [`[${value}]`, `{"k":${value}}`];
      await opened().store.transact([create(id, { argsJson, kwargsJson }), start(id)]);
      await opened().store.transact([succeed(id, 1, value)]);
      const result = await read(id);
      expect(result.argsJson === argsJson).toBe(true); // no toBe: a diff of 1 MiB helps nobody
      expect(result.kwargsJson === kwargsJson).toBe(true);
      expect(result.returnValueJson === value).toBe(true);
    });
  });

  test('every field comes back', async () => {
    const id = fresh();
    const task = {
      path: 'módulo.tarea 😀\0',
      priority: -100,
      queueName: 'Warteschlange ',
      runAfter: 9_007_199_254_740_991,
      takesContext: true,
    };
    const metadata = { a: '', ключ: 'значение 😀', __proto__x: '\0' };
    await opened().store.transact([create(id, { task, backend: 'Backend ', metadata, maxAttempts: 7 })]);
    expect(await read(id)).toEqual({
      id,
      task,
      status: 'READY',
      incarnation: expect.any(Number),
      enqueuedAt: expect.any(Number),
      startedAt: null,
      lastAttemptedAt: null,
      finishedAt: null,
      argsJson: '[]',
      kwargsJson: '{}',
      backend: 'Backend ',
      maxAttempts: 7,
      attempts: 0,
      errorCount: 0,
      errors: [],
      workerIds: [],
      returnValueJson: null,
      metadata,
      revision: 1,
      expiresAt: null,
    });
  });

  test('names of 255 characters of 4 bytes and 32 labels at their limits come back', async () => {
    const id = fresh();
    const longest = '😀'.repeat(255);
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`${'😀'.repeat(61)}${10 + i}`, longest]));
    const task = { ...ANY_TASK, path: longest, queueName: longest };
    await opened().store.transact([create(id, { task, backend: longest, metadata }), start(id, longest)]);
    expect(await read(id)).toMatchObject({ task, backend: longest, metadata, workerIds: [longest] });
  });

  test('a label named __proto__ is a label', async () => {
    const id = fresh();
    await opened().store.transact([create(id, { metadata: Object.fromEntries([['__proto__', 'x']]) })]);
    expect(Object.entries((await read(id)).metadata)).toEqual([['__proto__', 'x']]);
  });

  test('times are exact to the microsecond', async () => {
    const { store, clock } = opened();
    const id = fresh();
    const times = [1_000_000_000_000_001, 1_700_000_000_123_456, 9_007_199_254_740_991];
    for (const [i, command] of [create(id), start(id), succeed(id)].entries()) {
      clock.now = times[i] as number;
      await store.transact([command]);
    }
    clock.now = Date.UTC(2026, 0, 2) * 1_000;
    const [enqueuedAt, startedAt, finishedAt] = times;
    expect(await read(id)).toMatchObject({ enqueuedAt, startedAt, lastAttemptedAt: startedAt, finishedAt });
  });

  test('errors and workers come back in their order, with NUL and emoji in their texts', async () => {
    const { store } = opened();
    const id = fresh();
    await store.transact([create(id)]);
    const attempts = Array.from({ length: 12 }, (_, i) => i + 1);
    for (const attempt of attempts) {
      const error = reported(`message\0 😀 ${attempt}`, `${'trace\0 😀 \n'.repeat(1_000)}${attempt}`);
      const retry = attempt < attempts.length;
      await store.transact([start(id, `worker ${attempt % 3}`), failAttempt(id, attempt, { error, retry })]);
    }
    const result = await read(id);
    expect(result.workerIds).toEqual(attempts.map((attempt) => `worker ${attempt % 3}`));
    expect(result.errors).toEqual(
      attempts.map((attempt) => ({
        ...reported(`message\0 😀 ${attempt}`, `${'trace\0 😀 \n'.repeat(1_000)}${attempt}`),
        attempt,
        workerId: `worker ${attempt % 3}`,
        raisedAt: expect.any(Number),
      })),
    );
  });

  test('BASIC leaves out arguments, return value, tracebacks and all errors but the newest', async () => {
    const { store } = opened();
    const id = fresh();
    await store.transact([create(id, { argsJson: '[1]', kwargsJson: '{"a":1}', metadata: { a: 'b' } }), start(id)]);
    await store.transact([failAttempt(id, 1, { retry: true }), start(id, 'w2'), start(id, 'w3', { force: true })]);
    await store.transact([succeed(id, 3, '42')]);
    const whole = await read(id, 'FULL');
    expect(whole).toMatchObject({ argsJson: '[1]', kwargsJson: '{"a":1}', returnValueJson: '42' });
    expect(await read(id, 'BASIC')).toEqual({
      ...whole,
      argsJson: '',
      kwargsJson: '',
      returnValueJson: null,
      errors: [{ ...whole.errors[1], traceback: '' }],
    });
    expect(whole).toMatchObject({ attempts: 3, errorCount: 2, errors: { length: 2 }, workerIds: { length: 3 } });
  });

  test('the newest errors are kept up to 1 MiB', async () => {
    const { store } = opened();
    const [many, one] = [fresh(), fresh()];
    const error = reported('m'.repeat(20_000), 't'.repeat(100_000));
    const failed = (id: string, attempt: number) => [
      start(id, `w${attempt}`),
      failAttempt(id, attempt, { error, retry: true }),
    ];
    await store.transact([create(many), create(one), ...failed(one, 1)]);
    for (let attempt = 1; attempt <= 20; attempt++) {
      await store.transact(failed(many, attempt));
      const { errors, ...result } = await read(many);
      // Each counts 121,042 bytes.
      const kept = Math.min(attempt, 8);
      expect(errors.map((found) => found.attempt)).toEqual(
        Array.from({ length: kept }, (_, i) => attempt - kept + 1 + i),
      );
      expect(result).toMatchObject({ attempts: attempt, errorCount: attempt, workerIds: { length: attempt } });
    }
    // Several in one transaction.
    await store.transact([21, 22, 23].flatMap((attempt) => failed(many, attempt)));
    expect((await read(many)).errors.map(({ attempt }) => attempt)).toEqual([16, 17, 18, 19, 20, 21, 22, 23]);
    expect((await read(many, 'BASIC')).errors).toMatchObject([{ attempt: 23, workerId: 'w23' }]);
    expect((await read(one)).errors).toHaveLength(1);
  });

  test('a read during writes finds the errors of one moment', async () => {
    const { store, rival } = opened();
    const id = fresh();
    const error = reported('m', 't'.repeat(200_000));
    await store.transact([create(id)]);
    let isWritten = false;
    const look = async () => {
      let reads = 0;
      while (!isWritten) {
        const [full] = await rival.read([id], 'FULL');
        const [basic] = await rival.read([id], 'BASIC');
        // Each counts 201,044 bytes.
        const newest = (count = 0, most = 5) =>
          Array.from({ length: Math.min(count, most) }, (_, i) => count - i).reverse();
        expect(full?.errors.map(({ attempt }) => attempt)).toEqual(newest(full?.errorCount));
        expect(basic?.errors.map(({ attempt }) => attempt)).toEqual(newest(basic?.errorCount, 1));
        reads++;
      }
      return reads;
    };
    const reads = look();
    for (let attempt = 1; attempt <= 60; attempt++) {
      await store.transact([start(id), failAttempt(id, attempt, { error, retry: true })]);
    }
    isWritten = true;
    expect(await reads).toBeGreaterThan(1);
  });

  test('the newest error is kept, however large it is', async () => {
    const { store } = opened();
    const id = fresh();
    const error = reported('m', 't'.repeat(2 * MIB));
    await store.transact([create(id), start(id), failAttempt(id, 1, { error, retry: true }), start(id)]);
    expect((await read(id)).errors).toHaveLength(1);
    await store.transact([failAttempt(id, 2, { error })]);
    expect((await read(id)).errors).toMatchObject([{ attempt: 2 }]);
  });

  test('the outline says what reading costs', async () => {
    const { store } = opened();
    const id = fresh();
    await store.transact([create(id, { argsJson: '["é"]' }), start(id), failAttempt(id, 1, { retry: true })]);
    await store.transact([start(id), succeed(id, 2, '"😀"')]);
    const { enqueuedAt } = await read(id);
    const errorBytes = 'builtins.ValueErrorit brokeline 1\nline 2'.length + 1_024;
    const { incarnation } = (await read(id)) ?? {};
    const outline = { id, incarnation, enqueuedAt, status: 'SUCCESSFUL', revision: 5, payloadBytes: 14, errorBytes };
    expect(await store.outline([id, fresh('missing')])).toEqual([outline]);
  });

  test('ids that no result has are left out of a read', async () => {
    const { store } = opened();
    const ids = [fresh(), fresh(), fresh()];
    await store.transact([create(ids[0] as string), create(ids[2] as string)]);
    const found = await store.read(ids, 'BASIC');
    expect(new Set(found.map(({ id }) => id))).toEqual(new Set([ids[0], ids[2]]));
    expect(await store.read([], 'FULL')).toEqual([]);
    expect(await store.outline([])).toEqual([]);
  });

  test('many large results are written in one batch', async () => {
    const { store } = opened();
    const value = (i: number) => `"${String.fromCodePoint(0x4e00 + i).repeat(350_000)}"`;
    const ids = Array.from({ length: 4 }, () => fresh());
    await store.transact(ids.map((id, i) => create(id, { argsJson: `[${value(i)}]` })));
    await store.transact(ids.map((id) => start(id)));
    // The first row has no value, the others one of 1 MiB: the type of a column must not follow from the first row.
    const [first, ...others] = ids as [string, ...string[]];
    const batch = [failAttempt(first, 1, { retry: true }), ...others.map((id, i) => succeed(id, 1, value(i + 1)))];
    expect(outcomes(await store.transact(batch))).toEqual(ids.map(() => 'changed'));
    for (const [i, id] of others.entries()) expect((await read(id)).returnValueJson === value(i + 1)).toBe(true);
    expect((await read(first)).returnValueJson).toBeNull();
  });
}

async function readOne(store: TaskResultStore, id: string, view: View): Promise<TaskResult> {
  const [result] = await store.read([id], view);
  if (!result) throw new Error(`no result "${id}"`);
  return result;
}
