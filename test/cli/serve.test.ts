import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { type Environment, killLeftovers, Program, run } from '../support/program';

const LISTENING = /^taskresults is listening on 127\.0\.0\.1:(\d+) \((.*)\)\n$/;

let folder: string;
let sqlite: string;
let mysql: TemporaryDatabase & { url: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskresults-serve-'));
  sqlite = `sqlite:${join(folder, 'test.sqlite')}`;
});

afterEach(async () => {
  await killLeftovers();
  await rm(folder, { recursive: true, force: true });
});

beforeAll(async () => {
  const { database, drop } = await temporaryDatabase('mysql');
  if (database.engine !== 'mysql') throw new Error('not a MySQL database');
  mysql = { database, drop, url: database.url };
});

afterAll(() => mysql.drop());

function serve(...args: string[]): Program {
  return new Program(['serve', '--port', '0', '--log-level', 'warn', ...args], { TASKRESULTS_DATABASE_URL: sqlite });
}

async function address(server: Program): Promise<string> {
  await server.printed(LISTENING);
  return `127.0.0.1:${LISTENING.exec(server.stdout)?.[1]}`;
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s stops the server with 0 once it has ended its watches',
  async (signal) => {
    const server = serve();
    const watch = new Program(['watch', 'a', '--keep-open', '--server', await address(server)]);
    await watch.printed(/not found/);
    expect(await server.kill(signal)).toMatchObject({ code: 0, stderr: '' });
    await watch.kill('SIGKILL');
  },
);

test('all mistakes at once, one line each, and 2', async () => {
  const env = { TASKRESULTS_MAX_WATCHES: 'many', TASKRESULTS_DATABASE_URL: 'mysql://app:secret@db' };
  const { code, stdout, stderr } = await run(['serve', '--port', '99999'], env);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr.trimEnd().split('\n')).toEqual([
    expect.stringMatching(/^error: --port \(TASKRESULTS_PORT\): /),
    expect.stringMatching(/^error: --database-url \(TASKRESULTS_DATABASE_URL\): /),
    expect.stringMatching(/^error: --max-watches \(TASKRESULTS_MAX_WATCHES\): /),
  ]);
  expect(stderr).not.toContain('secret');
});

test('a flag wins over the environment', async () => {
  const env = { TASKRESULTS_PORT: 'nonsense', TASKRESULTS_DATABASE_URL: sqlite };
  const server = new Program(['serve', '--port', '0'], env);
  await server.printed(LISTENING);
  expect(server.stdout).toContain(`(${sqlite})`);
  await server.kill('SIGTERM');
});

test('a port in use: one line and 1', async () => {
  const first = serve();
  const [, port = ''] = (await address(first)).split(':');
  const second = await run(['serve', '--port', port, '--database-url', `${sqlite}2`]);
  expect(second).toEqual({ code: 1, stdout: '', stderr: `error: port ${port} of 127.0.0.1 is in use\n` });
  await first.kill('SIGTERM');
});

test('a file that another server has open: one line and 1', async () => {
  const first = serve();
  await address(first);
  const second = await run(['serve', '--port', '0', '--database-url', sqlite]);
  expect(second).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error: .*\n$/) });
  await first.kill('SIGTERM');
});

test('a MySQL database must be migrated before it is served', async () => {
  const env = { TASKRESULTS_DATABASE_URL: mysql.url };
  const early = await run(['serve', '--port', '0'], env);
  expect(early).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: .*taskresults migrate.*\n$/),
  });

  expect(await run(['migrate'], env)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ran \w+\n/),
    stderr: '',
  });
  expect(await run(['migrate'], env)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^nothing to do\n/) });

  const server = new Program(['serve', '--port', '0', '--database-url', mysql.url]);
  await server.printed(LISTENING);
  expect((await server.kill('SIGTERM')).code).toBe(0);
});

test('a database out of reach: one line, without the password, and 1', async () => {
  const { code, stderr } = await run(['migrate', '--database-url', 'mysql://app:secret@127.0.0.1:1/x']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: the store is out of reach: .*\n$/);
  expect(stderr).not.toContain('secret');
});

/** What a server that listens on a host warns of, started and stopped. */
async function warnings(host: string, env: Environment): Promise<string[]> {
  const server = new Program(['serve', '--host', host, '--port', '0'], { TASKRESULTS_DATABASE_URL: sqlite, ...env });
  await server.printed(/listening on/);
  const { stderr } = await server.kill('SIGTERM');
  const lines = stderr.split('\n').filter(Boolean);
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ level }) => level === 40)
    .map(({ msg }) => msg);
}

test('typos in the environment are warned of', async () => {
  const env = { TASKRESULTS_PROT: '1', TASKRESULTS_TEST_ANYTHING: '1' };
  expect(await warnings('127.0.0.1', env)).toEqual([expect.stringContaining('TASKRESULTS_PROT')]);
});

const OPEN = expect.stringMatching(/^anybody .* may read and write: set TASKRESULTS_TOKEN$/);
const CLOSED = expect.stringMatching(/^nobody may write: set TASKRESULTS_TOKEN /);

test.each<[host: string, env: Environment, warned: unknown[]]>([
  ['127.0.0.1', {}, []],
  ['[::1]', {}, []],
  ['::ffff:127.0.0.1', {}, []],
  ['0.0.0.0', {}, [OPEN]],
  ['::', {}, [OPEN]],
  ['0.0.0.0', { TASKRESULTS_TOKEN: 'w' }, []],
  ['0.0.0.0', { TASKRESULTS_TOKEN: 'w', TASKRESULTS_READ_TOKEN: 'r' }, []],
  ['0.0.0.0', { TASKRESULTS_READ_TOKEN: 'r' }, [CLOSED]],
  ['127.0.0.1', { TASKRESULTS_READ_TOKEN: 'r' }, [CLOSED]],
])('on %s with %j, a warning says who may write, when it is not who should', async (host, env, warned) => {
  expect(await warnings(host, env)).toEqual(warned);
});

test('an IPv6 address in brackets is listened on, and called', async () => {
  const server = serve('--host', '[::1]');
  await server.printed(/listening on \[::1\]:\d+ /);
  const [address = ''] = /\[::1\]:\d+/.exec(server.stdout) ?? [];
  expect(await run(['create', 'app.tasks.send', '--id', 'a', '--server', address])).toMatchObject({ code: 0 });
  expect(await run(['get', 'a', '--server', address])).toMatchObject({ code: 0, stderr: '' });
  await server.kill('SIGTERM');
});

test('an address of another machine: one line and 1', async () => {
  const { code, stdout, stderr } = await run(['serve', '--host', '192.0.2.1', '--port', '0'], {
    TASKRESULTS_DATABASE_URL: sqlite,
    TASKRESULTS_TOKEN: 'w',
  });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: 192.0.2.1 is no address of this machine\n',
  });
});

test('with a token, only those who have it are served', async () => {
  const env = { TASKRESULTS_DATABASE_URL: sqlite, TASKRESULTS_TOKEN: 'open-sesame' };
  const server = new Program(['serve', '--port', '0'], env);
  const list = ['list', '--server', await address(server)];
  expect(await run(list)).toMatchObject({ code: 1, stderr: expect.stringContaining('(UNAUTHENTICATED)') });
  expect(await run(list, { TASKRESULTS_TOKEN: 'open-sesame' })).toMatchObject({ code: 0 });
  await server.kill('SIGTERM');
});
