import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CliServer } from '../support/cli-server';
import { killLeftovers } from '../support/program';

const MICROSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

let server: CliServer;

beforeAll(async () => {
  server = await CliServer.start();
});

afterAll(async () => {
  await killLeftovers();
  await server.remove();
});

/** A command that the server refuses: one line on stderr, and 1. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await server.run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .*\n$/);
  return stderr;
}

test('a task from create to success, with a failed attempt between', async () => {
  const args = '[1, 1.0, 12345678901234567890123, "\\u0000"]';
  const kwargs = '{"b": 1, "a": null}';
  const options = ['--id', 'whole', '--args', args, '--kwargs', kwargs, '--queue', 'mail', '--priority', '-5'];
  const more = [
    '--run-after',
    '2030-01-31T12:00:00.123456+01:00',
    '--backend',
    'redis',
    '--takes-context',
    '--max-attempts',
    '5',
  ];
  const labels = ['--label', 'tenant=acme', '--label', 'equation=a=b'];
  const [created] = await server.json('create', 'app.tasks.send', ...options, ...more, ...labels);
  expect(created).toEqual({
    id: 'whole',
    status: 'READY',
    incarnation: expect.any(Number),
    revision: 1,
    attempts: 0,
    enqueuedAt: expect.stringMatching(MICROSECONDS),
    startedAt: null,
    lastAttemptedAt: null,
    finishedAt: null,
    leaseExpiresAt: null,
    expiresAt: null,
  });

  const [started] = await server.json('start', 'whole', '--worker', 'w1', '--lease', '30s');
  expect(started).toMatchObject({ status: 'RUNNING', attempts: 1, revision: 2 });
  const [renewed] = await server.json('renew', 'whole', '--attempt', '1', '--lease', '1h');
  expect(Date.parse(renewed.leaseExpiresAt)).toBeGreaterThan(Date.parse(started.leaseExpiresAt));

  const failure = ['--error-class', 'builtins.ValueError', '--message', 'no', '--traceback', 'line 1\n\tline 2'];
  const [retried] = await server.json('finish', 'whole', '--attempt', '1', ...failure, '--retry');
  expect(retried).toMatchObject({ status: 'READY', attempts: 1, finishedAt: null });

  await server.json('start', 'whole', '--worker', 'w2');
  const [finished] = await server.json('finish', 'whole', '--attempt', '2', '--value', '{"sent": 1.0}');
  expect(finished).toMatchObject({ status: 'SUCCESSFUL', attempts: 2, revision: 5 });

  const [result] = await server.json('get', 'whole', '--expect-path', 'app.tasks.send');
  expect(result).toEqual({
    id: 'whole',
    task: {
      path: 'app.tasks.send',
      priority: -5,
      queueName: 'mail',
      runAfter: '2030-01-31T11:00:00.123456Z',
      takesContext: true,
    },
    argsJson: args,
    kwargsJson: kwargs,
    backend: 'redis',
    status: 'SUCCESSFUL',
    enqueuedAt: created.enqueuedAt,
    startedAt: started.startedAt,
    lastAttemptedAt: finished.lastAttemptedAt,
    finishedAt: finished.finishedAt,
    maxAttempts: 5,
    attempts: 2,
    errorCount: 1,
    errors: [
      {
        exceptionClassPath: 'builtins.ValueError',
        message: 'no',
        traceback: 'line 1\n\tline 2',
        attempt: 1,
        workerId: 'w1',
        raisedAt: expect.stringMatching(MICROSECONDS),
      },
    ],
    workerIds: ['w1', 'w2'],
    returnValueJson: '{"sent": 1.0}',
    metadata: { tenant: 'acme', equation: 'a=b' },
    incarnation: created.incarnation,
    revision: 5,
    expiresAt: null,
  });

  expect(await refusal('start', 'whole', '--worker', 'w3')).toContain('(ILLEGAL_TRANSITION)');
  expect(await refusal('get', 'whole', '--expect-path', 'app.tasks.other')).toContain('(TASK_RESULT_MISMATCH)');
});

test('a task that could not be started', async () => {
  await server.json('create', 'app.tasks.send', '--id', 'unstarted');
  const error = ['--error-class', 'builtins.ImportError', '--message', 'gone'];
  const [state] = await server.json('fail-unstarted', 'unstarted', ...error);
  expect(state).toMatchObject({ status: 'FAILED', attempts: 0 });
  const [result] = await server.json('get', 'unstarted');
  expect(result.errors).toMatchObject([{ exceptionClassPath: 'builtins.ImportError', message: 'gone', attempt: 0 }]);
});

test('a traceback from a file', async () => {
  const file = join(tmpdir(), `taskresults-traceback-${process.pid}.txt`);
  await writeFile(file, 'Traceback:\n  ünï');
  try {
    await server.json('create', 'app.tasks.send', '--id', 'traced');
    await server.json('start', 'traced', '--worker', 'w');
    await server.json('finish', 'traced', '--attempt', '1', '--error-class', 'E', '--traceback-file', file);
  } finally {
    await rm(file);
  }
  const [result] = await server.json('get', 'traced');
  expect(result).toMatchObject({
    status: 'FAILED',
    errors: [{ traceback: 'Traceback:\n  ünï' }],
    returnValueJson: null,
  });
});

test('another worker takes over by force only', async () => {
  await server.json('create', 'app.tasks.send', '--id', 'forced');
  await server.json('start', 'forced', '--worker', 'w1');
  expect(await refusal('start', 'forced', '--worker', 'w2')).toContain('(ATTEMPT_IN_PROGRESS)');
  const [state] = await server.json('start', 'forced', '--worker', 'w2', '--force');
  expect(state.attempts).toBe(2);
  expect(await refusal('finish', 'forced', '--attempt', '1', '--value', '1')).toContain('(STALE_ATTEMPT)');
});

test('what the server refuses is said with its reason', async () => {
  expect(await refusal('get', 'nobody')).toBe(
    'error: task result "nobody" does not exist (TASK_RESULT_DOES_NOT_EXIST)\n',
  );
  expect(await refusal('create', 'a', '--args', '[NaN]')).toContain('args_json');
  await server.json('create', 'app.tasks.send', '--id', 'same');
  expect(await refusal('create', 'app.tasks.other', '--id', 'same')).toContain('(TASK_RESULT_EXISTS)');
});

test('several ids are read together, and one that is missing fails the command', async () => {
  for (const id of ['many-1', 'many-2']) await server.json('create', 'app.tasks.many', '--id', id);
  expect((await server.json('get', 'many-2', 'many-1', 'many-2')).map(({ id }) => id)).toEqual(['many-2', 'many-1']);

  const { code, stdout, stderr } = await server.run('get', 'many-1', 'nobody', '--json');
  expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: no such task result: "nobody"\n' });
  expect(JSON.parse(stdout).id).toBe('many-1');
});

test('refresh sends what can have changed, or nothing', async () => {
  await server.json('create', 'app.tasks.send', '--id', 'fresh');
  const [{ incarnation }] = await server.json('start', 'fresh', '--worker', 'w');
  const refresh = (revision: string) =>
    server.json('refresh', 'fresh', '--incarnation', String(incarnation), '--revision', revision);
  expect(await refresh('2')).toEqual([{ id: 'fresh', unchanged: true }]);
  const [update] = await refresh('1');
  expect(update).toMatchObject({ id: 'fresh', unchanged: false, status: 'RUNNING', incarnation, revision: 2 });
  expect(update).toMatchObject({ workerIds: ['w'] });
  expect(update).not.toHaveProperty('argsJson');
});

test('refresh sends a result as a whole that was created anew, or of which nothing is known', async () => {
  const [{ incarnation }] = await server.json('create', 'app.tasks.send', '--id', 'anew');
  await server.json('delete', 'anew');
  await server.json('create', 'app.tasks.other', '--id', 'anew', '--args', '[7]');
  const whole = { id: 'anew', unchanged: false, task: { path: 'app.tasks.other' }, argsJson: '[7]' };
  const known = ['--incarnation', String(incarnation), '--revision', '1'];
  expect((await server.json('refresh', 'anew', ...known))[0]).toMatchObject(whole);
  expect((await server.json('refresh', 'anew'))[0]).toMatchObject(whole);
});

test('the late end of an attempt does not touch the result created anew', async () => {
  await server.json('create', 'app.tasks.send', '--id', 'fenced');
  const [{ incarnation }] = await server.json('start', 'fenced', '--worker', 'w1');
  await server.json('delete', 'fenced');
  await server.json('create', 'app.tasks.other', '--id', 'fenced');
  await server.json('start', 'fenced', '--worker', 'w2');
  const attempt = ['fenced', '--attempt', '1', '--incarnation', String(incarnation)];
  expect(await refusal('renew', ...attempt, '--lease', '1m')).toContain('(STALE_ATTEMPT)');
  expect(await refusal('finish', ...attempt, '--value', '1')).toContain('(STALE_ATTEMPT)');
  expect((await server.json('get', 'fenced'))[0]).toMatchObject({ status: 'RUNNING', workerIds: ['w2'] });
});

test('states say their version', async () => {
  const { stdout } = await server.run('create', 'app.tasks.send', '--id', 'versioned');
  expect(stdout).toMatch(/^versioned {2}READY {2}incarnation \d+ {2}revision 1\n$/);
});

test('delete', async () => {
  const [created] = await server.json('create', 'app.tasks.send', '--id', 'gone');
  const incarnation = ['--incarnation', String(created.incarnation)];
  expect(await refusal('delete', 'gone', ...incarnation, '--revision', '7')).toContain('(REVISION_MISMATCH)');
  expect(await refusal('delete', 'gone', '--incarnation', '1')).toContain('(REVISION_MISMATCH)');
  expect(await server.json('delete', 'gone', ...incarnation, '--revision', '1')).toEqual([
    { id: 'gone', deleted: true },
  ]);
  expect(await refusal('delete', 'gone')).toContain('(TASK_RESULT_DOES_NOT_EXIST)');
  await server.json('delete', 'gone', '--allow-missing');
});

test('--basic leaves the payloads out', async () => {
  await server.json('create', 'app.tasks.send', '--id', 'basic', '--args', '[1]');
  const [result] = await server.json('get', 'basic', '--basic');
  expect(result).toMatchObject({ id: 'basic', argsJson: '', kwargsJson: '' });
});

test('people see aligned text, and nothing that a terminal would obey', async () => {
  await server.json('create', 'app.tasks.\u001b[31mred', '--id', 'plain', '--args', '[1]');
  const { stdout } = await server.run('get', 'plain');
  expect(stdout).toMatch(/^id {12}plain\ntask {10}app\.tasks\.\\u001b\[31mred\nqueue {9}default\n/);
  expect(stdout).toContain('\nstatus        READY\n');
});
