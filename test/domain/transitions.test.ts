import type { Command } from '../../src/domain/command';
import type { ResultState } from '../../src/domain/result-state';
import { type Decision, decide } from '../../src/domain/transitions';
import { create, fail, failAttempt, remove, renew, reported, start, succeed } from '../support/commands';
import { outcome } from '../support/decisions';

const ID = 'x';
const KEEP = { afterFinish: null };

/** The state after `commands`, at 1,000, 1,010, 1,020 … µs. Every one of them must change something. */
function having(...commands: Command[]): ResultState {
  let state: ResultState | null = null;
  commands.forEach((command, i) => {
    state = changed(decide(state, command, 1_000 + 10 * i, KEEP));
  });
  return state as unknown as ResultState;
}

function changed(decision: Decision): ResultState {
  if (decision.kind !== 'changed') throw new Error(`not changed, but ${outcome(decision)}`);
  return decision.state;
}

function additions(decision: Decision) {
  return decision.kind === 'changed' ? decision.additions : null;
}

function refusalOf(decision: Decision) {
  return decision.kind === 'changed' ? decision.refusal : null;
}

const READY = having(create(ID));
const RUNNING = having(create(ID), start(ID));
const LEASED = having(create(ID), start(ID, 'w1', { lease: 100 })); // until 1,110
const RETRY = having(create(ID), start(ID), failAttempt(ID, 1, { retry: true }));
const SECOND = having(create(ID), start(ID), failAttempt(ID, 1, { retry: true }), start(ID, 'w2'));
const FAILED = having(create(ID), start(ID), failAttempt(ID, 1));
const UNSTARTED = having(create(ID), fail(ID));
const SUCCESSFUL = having(create(ID), start(ID), succeed(ID, 1, '1'));

const STATES = { READY, RUNNING, LEASED, RETRY, SECOND, FAILED, UNSTARTED, SUCCESSFUL };
type Name = keyof typeof STATES;

describe('every move', () => {
  const ILLEGAL = 'ILLEGAL_TRANSITION';
  const MOVES: [Name, string, Command, string][] = [
    ['READY', 'start', start(ID, 'w1'), 'RUNNING'],
    ['READY', 'start with force', start(ID, 'w1', { force: true }), 'RUNNING'],
    ['READY', 'renew', renew(ID, 1, 100), ILLEGAL],
    ['READY', 'succeed', succeed(ID), ILLEGAL],
    ['READY', 'fail the attempt', failAttempt(ID), ILLEGAL],
    ['READY', 'fail unstarted', fail(ID), 'FAILED'],
    ['READY', 'fail unstarted with an error', fail(ID, reported()), 'FAILED'],

    ['RUNNING', 'start by another', start(ID, 'w2'), 'ATTEMPT_IN_PROGRESS'],
    ['RUNNING', 'start by another with force', start(ID, 'w2', { force: true }), 'RUNNING'],
    ['RUNNING', 'start by the same with another lease', start(ID, 'w1', { lease: 5 }), 'ATTEMPT_IN_PROGRESS'],
    ['RUNNING', 'start by the same with force', start(ID, 'w1', { force: true }), 'RUNNING'],
    ['RUNNING', 'renew', renew(ID, 1, 100), 'RUNNING'],
    ['RUNNING', 'renew a later attempt', renew(ID, 2, 100), ILLEGAL],
    ['RUNNING', 'succeed', succeed(ID), 'SUCCESSFUL'],
    ['RUNNING', 'succeed with a later attempt', succeed(ID, 2), ILLEGAL],
    ['RUNNING', 'fail the attempt', failAttempt(ID), 'FAILED'],
    ['RUNNING', 'fail the attempt, to be retried', failAttempt(ID, 1, { retry: true }), 'READY'],
    ['RUNNING', 'fail unstarted', fail(ID), ILLEGAL],

    ['RETRY', 'start', start(ID, 'w2'), 'RUNNING'],
    ['RETRY', 'renew', renew(ID, 1, 100), ILLEGAL],
    ['RETRY', 'succeed after all', succeed(ID, 1), ILLEGAL],
    ['RETRY', 'fail the attempt otherwise', failAttempt(ID, 1), ILLEGAL],
    ['RETRY', 'fail unstarted', fail(ID), 'FAILED'],

    ['SECOND', 'renew the first attempt', renew(ID, 1, 100), 'STALE_ATTEMPT'],
    ['SECOND', 'succeed with the first attempt', succeed(ID, 1), 'STALE_ATTEMPT'],
    ['SECOND', 'fail the first attempt', failAttempt(ID, 1), 'STALE_ATTEMPT'],
    ['SECOND', 'repeat the failure of the first', failAttempt(ID, 1, { retry: true }), 'STALE_ATTEMPT'],
    ['SECOND', 'succeed with the second', succeed(ID, 2), 'SUCCESSFUL'],
    ['SECOND', 'fail unstarted', fail(ID), ILLEGAL],

    ...(['FAILED', 'UNSTARTED', 'SUCCESSFUL'] as const).flatMap((state): [Name, string, Command, string][] => [
      [state, 'start', start(ID, 'w3'), ILLEGAL],
      [state, 'start with force', start(ID, 'w3', { force: true }), ILLEGAL],
      [state, 'renew', renew(ID, 1, 100), ILLEGAL],
      [state, 'succeed otherwise', succeed(ID, 1, '2'), ILLEGAL],
      [state, 'fail the attempt otherwise', failAttempt(ID, 1, { error: reported('other') }), ILLEGAL],
      [state, 'fail the attempt, to be retried', failAttempt(ID, 1, { retry: true }), ILLEGAL],
      [state, 'fail unstarted', fail(ID, reported('other')), ILLEGAL],
    ]),
  ];

  test.each(MOVES)('%s: %s', (name, _what, command, expected) => {
    const state = STATES[name];
    const before = structuredClone(state);
    const decision = decide(state, command, 2_000, KEEP);
    if (decision.kind === 'changed') {
      expect(decision.state.status).toBe(expected);
      expect(decision.state.revision).toBe(before.revision + (command.kind === 'renew' ? 0 : 1));
    } else expect(outcome(decision)).toBe(expected);
    expect(state).toEqual(before); // decide is pure
  });

  test.each([start(ID), renew(ID, 1, 1), succeed(ID), failAttempt(ID), fail(ID), remove(ID)])(
    'nothing has this id: $kind',
    (command) => {
      expect(outcome(decide(null, command, 1, KEEP))).toBe('TASK_RESULT_DOES_NOT_EXIST');
    },
  );
});

describe('the very call that made the present state, repeated, changes nothing', () => {
  test.each<[string, Command[]]>([
    ['create', [create(ID)]],
    ['succeed', [create(ID), start(ID), succeed(ID)]],
    ['fail the attempt', [create(ID), start(ID), failAttempt(ID)]],
    ['fail the attempt, to be retried', [create(ID), start(ID), failAttempt(ID, 1, { retry: true })]],
    ['fail unstarted', [create(ID), fail(ID)]],
    ['fail unstarted with an error', [create(ID), fail(ID, reported())]],
  ])('%s', (_what, commands) => {
    const state = having(...commands);
    expect(decide(state, commands.at(-1) as Command, 2_000, KEEP)).toEqual({ kind: 'unchanged', state });
  });

  describe('a start whose request has started an attempt before', () => {
    const command = start(ID, 'w1', { lease: 100, requestId: 'r1' });
    const started = [create(ID), command];

    test.each<[string, Command[]]>([
      ['while it runs', started],
      ['after its lease was renewed', [...started, renew(ID, 1, 1_000_000)]],
      ['after it was given back', [...started, failAttempt(ID, 1, { retry: true })]],
      ['after it succeeded', [...started, succeed(ID)]],
    ])('is that attempt %s', (_when, commands) => {
      const state = having(...commands);
      expect(decide(state, command, 2_000_000_000, KEEP, 1)).toEqual({ kind: 'unchanged', state });
    });

    test('is over when another was started since, whatever became of that', () => {
      const retried = [...started, failAttempt(ID, 1, { retry: true }), start(ID, 'w2')];
      for (const commands of [
        retried,
        [...retried, failAttempt(ID, 2, { retry: true })],
        [...retried, succeed(ID, 2)],
      ]) {
        expect(outcome(decide(having(...commands), command, 2_000, KEEP, 1))).toBe('STALE_ATTEMPT');
      }
    });

    test('by its worker, but without its name, is another', () => {
      expect(outcome(decide(having(...started), start(ID, 'w1', { lease: 100 }), 1, KEEP))).toBe('ATTEMPT_IN_PROGRESS');
    });
  });

  test.each(Object.keys(STATES) as Name[])('create, when it is %s since', (name) => {
    expect(outcome(decide(STATES[name], create(ID), 2_000, KEEP))).toBe('unchanged');
  });

  test.each<[string, Parameters<typeof create>[1]]>([
    ['args', { argsJson: '[1]' }],
    ['args, by white space', { argsJson: '[ ]' }],
    ['kwargs', { kwargsJson: '{"a":1}' }],
    ['backend', { backend: 'other' }],
    ['metadata', { metadata: { a: 'b' } }],
    ['task path', { task: { ...create(ID).task, path: 'App.tasks.send_mail' } }],
    ['priority', { task: { ...create(ID).task, priority: 1 } }],
    ['queue', { task: { ...create(ID).task, queueName: 'mail' } }],
    ['run_after', { task: { ...create(ID).task, runAfter: 0 } }],
    ['takes_context', { task: { ...create(ID).task, takesContext: true } }],
    ['max_attempts', { maxAttempts: 100 }],
  ])('but a create with other %s is refused', (_what, given) => {
    expect(outcome(decide(READY, create(ID, given), 2_000, KEEP))).toBe('TASK_RESULT_EXISTS');
  });

  test('labels are the same in any order', () => {
    const state = having(create(ID, { metadata: { a: '1', b: '2' } }));
    expect(outcome(decide(state, create(ID, { metadata: { b: '2', a: '1' } }), 2_000, KEEP))).toBe('unchanged');
  });
});

describe('leases', () => {
  test('run from now', () => {
    expect(LEASED.leaseExpiresAt).toBe(1_110);
    expect(changed(decide(LEASED, renew(ID, 1, 500), 1_050, KEEP)).leaseExpiresAt).toBe(1_550);
  });

  test('hold others off to their last microsecond', () => {
    expect(outcome(decide(LEASED, start(ID, 'w2'), 1_109, KEEP))).toBe('ATTEMPT_IN_PROGRESS');
    expect(outcome(decide(LEASED, start(ID, 'w2'), 1_110, KEEP))).toBe('changed');
  });

  test('that have run out end the attempt for its own worker, too', () => {
    const next = changed(decide(LEASED, start(ID, 'w1', { lease: 100 }), 1_110, KEEP));
    expect(next).toMatchObject({ attempts: 2, leaseExpiresAt: 1_210 });
  });

  test('that have run out do no harm while nobody takes the task', () => {
    expect(changed(decide(LEASED, renew(ID, 1, 100), 5_000, KEEP)).leaseExpiresAt).toBe(5_100);
    expect(changed(decide(LEASED, succeed(ID), 5_000, KEEP))).toMatchObject({
      status: 'SUCCESSFUL',
      leaseExpiresAt: null,
    });
  });

  test.each([
    ['run out', start(ID, 'w2'), 1_200, 'taskresults.LeaseExpired'],
    ['taken over', start(ID, 'w2', { force: true }), 1_050, 'taskresults.AttemptReplaced'],
    ['taken over after it ran out', start(ID, 'w2', { force: true }), 1_200, 'taskresults.LeaseExpired'],
  ])('a lost attempt leaves an error: %s', (_how, command, at, exceptionClassPath) => {
    const decision = decide(LEASED, command, at, KEEP);
    expect(changed(decision)).toMatchObject({ revision: 3, attempts: 2, errorCount: 1 });
    expect(additions(decision)).toEqual({
      attempt: { attempt: 2, workerId: 'w2', requestId: null, startedAt: at },
      error: {
        exceptionClassPath,
        message: expect.stringContaining('attempt 1'),
        traceback: '',
        attempt: 1,
        raisedAt: at,
        bytesBefore: 0,
      },
    });
  });
});

describe('times', () => {
  test('started_at is the first attempt, last_attempted_at the newest', () => {
    expect(SECOND).toMatchObject({ enqueuedAt: 1_000, startedAt: 1_010, lastAttemptedAt: 1_030, finishedAt: null });
    const taken = changed(decide(SECOND, start(ID, 'w3', { force: true }), 1_500, KEEP));
    expect(taken).toMatchObject({ startedAt: 1_010, lastAttemptedAt: 1_500 });
  });

  test.each([
    ['success', SUCCESSFUL],
    ['failure', FAILED],
  ])('finished_at is set by %s', (_what, state) => {
    expect(state.finishedAt).toBe(1_020);
  });

  test('a retry leaves finished_at unset', () => {
    expect(RETRY.finishedAt).toBeNull();
  });

  test('go on when the clock stands still or runs backwards', () => {
    const started = changed(decide(READY, start(ID, 'w1', { lease: 100 }), 500, KEEP));
    expect(started).toMatchObject({ startedAt: 1_001, lastAttemptedAt: 1_001, leaseExpiresAt: 600 });
    const failed = decide(started, failAttempt(ID, 1, { retry: true }), 400, KEEP);
    expect(additions(failed)?.error?.raisedAt).toBe(1_002);
    const again = changed(decide(changed(failed), start(ID, 'w2'), 1_200, KEEP));
    expect(changed(decide(again, succeed(ID, 2), 300, KEEP)).finishedAt).toBe(1_201);
  });

  test('a renewal counts as a time given', () => {
    const renewed = changed(decide(LEASED, renew(ID, 1, 1_000), 3_000, KEEP));
    expect(changed(decide(renewed, succeed(ID), 2_000, KEEP)).finishedAt).toBe(3_001);
  });

  test('leases count from now, also where the newest time lies ahead', () => {
    const ahead = { ...RUNNING, changedAt: 3_600_000 };
    const leased = changed(decide(ahead, renew(ID, 1, 100), 2_000, KEEP));
    expect(leased).toMatchObject({ leaseExpiresAt: 2_100, changedAt: 3_600_001 });
    expect(decide(leased, start(ID, 'w2'), 2_099, KEEP)).toMatchObject({ kind: 'refused' });
    const taken = changed(decide(leased, start(ID, 'w2', { lease: 100 }), 2_100, KEEP));
    expect(taken).toMatchObject({ attempts: 2, leaseExpiresAt: 2_200, lastAttemptedAt: 3_600_002 });
  });

  test('retention begins at the end', () => {
    const retention = { afterFinish: 50 };
    expect(changed(decide(RUNNING, succeed(ID), 2_000, retention)).expiresAt).toBe(2_050);
    expect(changed(decide(RUNNING, failAttempt(ID), 2_000, retention)).expiresAt).toBe(2_050);
    expect(changed(decide(READY, fail(ID), 2_000, retention)).expiresAt).toBe(2_050);
    expect(changed(decide(RUNNING, failAttempt(ID, 1, { retry: true }), 2_000, retention)).expiresAt).toBeNull();
    expect(changed(decide(RUNNING, succeed(ID), 2_000, KEEP)).expiresAt).toBeNull();
  });
});

describe('delete', () => {
  test.each(Object.keys(STATES) as Name[])('%s', (name) => {
    const state = { ...STATES[name], incarnation: 7 };
    const { revision } = state;
    const after = { kind: 'deleted', version: { incarnation: 7, revision: revision + 1 } };
    expect(decide(state, remove(ID), 2_000, KEEP)).toEqual(after);
    expect(decide(state, remove(ID, { version: { incarnation: 7, revision } }), 2_000, KEEP)).toEqual(after);
    expect(decide(state, remove(ID, { version: { incarnation: 7, revision: null } }), 2_000, KEEP)).toEqual(after);
    for (const version of [
      { incarnation: 7, revision: revision + 1 },
      { incarnation: 6, revision },
      { incarnation: 8, revision: null },
    ]) {
      expect(outcome(decide(state, remove(ID, { version }), 2_000, KEEP))).toBe('REVISION_MISMATCH');
    }
  });

  test('a missing result may be allowed', () => {
    expect(decide(null, remove(ID, { allowMissing: true }), 1, KEEP)).toEqual({ kind: 'unchanged', state: null });
    const version = { incarnation: 0, revision: 9 };
    expect(outcome(decide(READY, remove(ID, { allowMissing: true, version }), 1, KEEP))).toBe('REVISION_MISMATCH');
  });
});

describe('an attempt of another incarnation', () => {
  const state = { ...having(create(ID), start(ID)), incarnation: 7 };

  test.each<[string, (incarnation: number) => Command]>([
    ['renew', (incarnation) => renew(ID, 1, 1_000, incarnation)],
    ['succeed', (incarnation) => succeed(ID, 1, '42', incarnation)],
    ['fail', (incarnation) => failAttempt(ID, 1, { incarnation })],
  ])('%s: is over', (_what, command) => {
    expect(outcome(decide(state, command(6), 2_000, KEEP))).toBe('STALE_ATTEMPT');
    expect(outcome(decide(state, command(7), 2_000, KEEP))).toBe('changed');
  });

  test('is no repetition of what the present one did', () => {
    const finished = changed(decide(state, succeed(ID, 1, '42', 7), 2_000, KEEP));
    expect(outcome(decide(finished, succeed(ID, 1, '42', 7), 2_000, KEEP))).toBe('unchanged');
    expect(outcome(decide(finished, succeed(ID, 1, '42', 6), 2_000, KEEP))).toBe('STALE_ATTEMPT');
  });
});

describe('errors', () => {
  test('carry the attempt', () => {
    const decision = decide(SECOND, failAttempt(ID, 2, { error: reported('boom', 'tb') }), 2_000, KEEP);
    const error = { ...reported('boom', 'tb'), attempt: 2, raisedAt: 2_000, bytesBefore: SECOND.errorBytes };
    expect(additions(decision)?.error).toEqual(error);
    expect(changed(decision).errorCount).toBe(2);
  });

  test('each counts its texts in UTF-8, and 1 KiB besides', () => {
    const error = { exceptionClassPath: 'É', message: '😀', traceback: 'x' };
    const decision = decide(RUNNING, failAttempt(ID, 1, { error }), 2_000, KEEP);
    expect(changed(decision).errorBytes).toBe(RUNNING.errorBytes + 2 + 4 + 1 + 1_024);
  });
});

describe('the last attempt', () => {
  const LAST = having(create(ID, { maxAttempts: 1 }), start(ID, 'w1', { lease: 1_000 }));

  test('may succeed, also when its lease has run out', () => {
    expect(changed(decide(LAST, succeed(ID), 9_999, KEEP)).status).toBe('SUCCESSFUL');
  });

  test('makes the result FAILED when it fails, though it asks for another attempt', () => {
    const command = failAttempt(ID, 1, { retry: true });
    const decision = decide(LAST, command, 1_500, { afterFinish: 50 });
    expect(decision).toMatchObject({ kind: 'changed', state: { status: 'FAILED', errorCount: 1, expiresAt: 1_550 } });
    expect(decide(changed(decision), command, 1_600, KEEP)).toEqual({ kind: 'unchanged', state: changed(decision) });
    expect(outcome(decide(changed(decision), failAttempt(ID, 1), 1_600, KEEP))).toBe('ILLEGAL_TRANSITION');
  });

  test.each([
    ['its lease runs out', start(ID, 'w2', { requestId: 'r' }), 'taskresults.LeaseExpired', 5_000],
    ['it is taken over', start(ID, 'w2', { force: true }), 'taskresults.AttemptReplaced', 1_500],
  ])('makes the result FAILED when %s, and the start that finds it so is refused', (_what, command, kind, now) => {
    const decision = decide(LAST, command, now, { afterFinish: 50 });
    expect(decision).toMatchObject({
      kind: 'changed',
      state: {
        status: 'FAILED',
        attempts: 1,
        errorCount: 1,
        finishedAt: now,
        expiresAt: now + 50,
        leaseExpiresAt: null,
      },
      additions: { error: { exceptionClassPath: kind, attempt: 1, raisedAt: now } },
      refusal: { reason: 'ILLEGAL_TRANSITION' },
    });
    const again = decide(changed(decision), command, now + 1, KEEP);
    expect(again).toMatchObject({ kind: 'refused', error: { message: refusalOf(decision)?.message } });
  });

  test('is not lost while its lease runs', () => {
    expect(outcome(decide(LAST, start(ID, 'w2'), 1_500, KEEP))).toBe('ATTEMPT_IN_PROGRESS');
  });

  test('is the hundredth unless its creator says so', () => {
    expect(having(create(ID)).maxAttempts).toBe(100);
    const allowed = { ...RUNNING, attempts: 99 };
    expect(changed(decide(allowed, failAttempt(ID, 99, { retry: true }), 2_000, KEEP)).status).toBe('READY');
    const last = { ...RUNNING, attempts: 100 };
    expect(changed(decide(last, failAttempt(ID, 100, { retry: true }), 2_000, KEEP)).status).toBe('FAILED');
  });
});

test('payload bytes are counted as UTF-8', () => {
  const state = having(create(ID, { argsJson: '["é"]', kwargsJson: '{}' }), start(ID), succeed(ID, 1, '"😀"'));
  expect(state.payloadBytes).toBe(6 + 2 + 6);
});
