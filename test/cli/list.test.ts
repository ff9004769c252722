import { CliServer } from '../support/cli-server';
import { killLeftovers } from '../support/program';

let server: CliServer;

/** Oldest first: `a` waits, `b` runs, `c` has failed, `d` succeeded. */
beforeAll(async () => {
  server = await CliServer.start();
  await server.json('create', 'app.tasks.mail', '--id', 'a', '--queue', 'slow', '--label', 'tenant=acme');
  await server.json('create', 'app.tasks.mail', '--id', 'b', '--label', 'tenant=acme', '--label', 'colour=red');
  await server.json('create', 'app.tasks.report', '--id', 'c', '--backend', 'redis');
  await server.json('create', 'app.tasks.report', '--id', 'd');
  for (const id of ['b', 'c', 'd']) await server.json('start', id, '--worker', `worker-${id}`);
  await server.json('finish', 'c', '--attempt', '1', '--error-class', 'builtins.ValueError', '--message', 'no');
  await server.json('finish', 'd', '--attempt', '1', '--value', 'null');
});

afterAll(async () => {
  await killLeftovers();
  await server.remove();
});

async function ids(...args: string[]): Promise<string> {
  return (await server.json('list', ...args)).map(({ id }) => id).join('');
}

test.each([
  [[], 'dcba'],
  [['--status', 'READY'], 'a'],
  [['--status', 'failed,successful'], 'dc'],
  [['--status', 'READY', '--status', 'RUNNING'], 'ba'],
  [['--task', 'app.tasks.mail'], 'ba'],
  [['--queue', 'slow'], 'a'],
  [['--backend', 'redis'], 'c'],
  [['--worker', 'worker-b'], 'b'],
  [['--label', 'tenant=acme'], 'ba'],
  [['--label', 'tenant=acme', '--label', 'colour=red'], 'b'],
  [['--finished-from', '2020-01-01T00:00:00Z'], 'dc'],
  [['--enqueued-before', '2020-01-01T00:00:00Z'], ''],
])('list %p', async (args, expected) => {
  expect(await ids(...args)).toBe(expected);
});

test('times bound a range, its end left out, to the microsecond', async () => {
  const [b] = await server.json('get', 'b');
  expect(await ids('--enqueued-from', b.enqueuedAt)).toBe('dcb');
  expect(await ids('--enqueued-before', b.enqueuedAt)).toBe('a');
});

test('a list stops at its limit and tells how to go on', async () => {
  const first = await server.run('list', '--limit', '3', '--json');
  expect(first.stdout.trim().split('\n')).toHaveLength(3);
  const [, token = ''] = /^there is more: --page-token (\S+)\n$/.exec(first.stderr) ?? [];
  expect(await ids('--page-token', token)).toBe('a');
});

test('a page token of somebody else is refused', async () => {
  const { code, stderr } = await server.run('list', '--page-token', 'nonsense');
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: .*page_token.*\n$/);
});

test('an outcome that is cut is not cut within a character', async () => {
  const message = `${'x'.repeat(11)}${'😀'.repeat(60)}`;
  await server.json('create', 'app.tasks.emoji', '--id', 'emoji');
  await server.json('fail-unstarted', 'emoji', '--error-class', 'E', '--message', message);
  const list = await server.run('list', '--task', 'app.tasks.emoji');
  const watch = await server.run('watch', 'emoji');
  for (const { stdout } of [list, watch]) {
    expect(stdout).not.toContain('\ufffd');
    expect(stdout).toContain(`E: ${'x'.repeat(11)}${'😀'.repeat(25)}…\n`);
  }
  await server.json('delete', 'emoji');
});

test('people see a table', async () => {
  const { stdout } = await server.run('list', '--status', 'FAILED');
  expect(stdout).toMatch(/^ID {2}TASK {14}STATUS {2}ATTEMPTS {2}WORKER {4}REVISION {2}ENQUEUED {13}OUTCOME\n/);
  expect(stdout).toMatch(/\nc {3}app\.tasks\.report {2}FAILED {2}1 {9}worker-c {2}3 .* builtins\.ValueError: no\n$/);
});
