import { lstat, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TemporaryDatabase, temporaryDatabase } from '../support/engines';
import { killLeftovers, type Outcome, Program, run } from '../support/program';

let folder: string;
let path: string;
let address: string;
let mysql: TemporaryDatabase;

beforeAll(async () => {
  mysql = await temporaryDatabase('mysql');
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskresults-unix-'));
  path = join(folder, 'test.sock');
  address = `unix:${path}`;
});

afterEach(async () => {
  await killLeftovers();
  await rm(folder, { recursive: true, force: true });
});

afterAll(() => mysql.drop());

function serveArguments(file = 'test.sqlite', host = address): string[] {
  return ['serve', '--host', host, '--log-level', 'warn', '--database-url', `sqlite:${join(folder, file)}`];
}

async function listening(...args: string[]): Promise<Program> {
  const server = new Program(args.length > 0 ? args : serveArguments());
  await server.printed(/^taskresults is listening on unix:\/\S+test\.sock \(/);
  return server;
}

function create(id: string, server = address): Promise<Outcome> {
  return run(['create', 'app.tasks.add', '--id', id, '--server', server]);
}

async function exists(): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

test('a server on a Unix socket takes calls, and removes the file when it stops', async () => {
  const server = await listening();
  expect(await create('a')).toMatchObject({ code: 0, stderr: '' });
  expect((await run(['get', 'a', '--server', `unix://${path}`])).code).toBe(0);
  expect(await server.kill('SIGTERM')).toMatchObject({ code: 0, stderr: '' });
  expect(await exists()).toBe(false);
});

test('three slashes are as good as one', async () => {
  const server = await listening(...serveArguments('test.sqlite', `unix://${path}`));
  expect((await create('a')).code).toBe(0);
  await server.kill('SIGTERM');
});

test('a file that a killed server has left does not keep the next one from starting', async () => {
  await (await listening()).kill('SIGKILL');
  expect(await exists()).toBe(true);
  const server = await listening();
  expect((await create('a')).code).toBe(0);
  await server.kill('SIGTERM');
});

test('a server that runs keeps its socket: one line for the second, and 1', async () => {
  const server = await listening();
  expect(await run(serveArguments('other.sqlite'))).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: ${address} is in use\n`,
  });
  expect((await create('a')).code).toBe(0);
  await server.kill('SIGTERM');
});

test('what is no socket is not removed', async () => {
  await writeFile(path, 'precious');
  expect(await run(serveArguments())).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: ${path} is there already, and is no socket\n`,
  });
  expect((await stat(path)).size).toBe(8);
});

test('a folder that is not there: one line and 1', async () => {
  const host = `unix:${join(folder, 'nowhere', 'test.sock')}`;
  const { code, stderr } = await run(serveArguments('test.sqlite', host));
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error: this user may not listen on ${host}, or there is no such folder\n`,
  });
});

test('the permissions of the file are those that the umask leaves', async () => {
  const mask = process.umask(0o027);
  try {
    await listening();
  } finally {
    process.umask(mask);
  }
  expect(((await stat(path)).mode & 0o777).toString(8)).toBe('750');
});

test('several processes share a socket, and the file is gone after them', async () => {
  if (mysql.database.engine !== 'mysql') throw new Error('not a MySQL database');
  const args = ['serve', '--host', address, '--processes', '2', '--migrate', '--database-url', mysql.database.url];
  await (await listening(...args)).kill('SIGKILL');
  const server = await listening(...args);
  for (const id of ['a', 'b', 'c']) expect((await create(id)).code).toBe(0);
  expect((await server.kill('SIGTERM')).code).toBe(0);
  expect(await exists()).toBe(false);
});

test.each(['unix:', 'unix:relative.sock', 'unix:/folder/', `unix:/${'x'.repeat(107)}`])(
  '%s is no socket',
  async (host) => {
    const { code, stderr } = await run(serveArguments('test.sqlite', host));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --host \(TASKRESULTS_HOST\): must be unix: and the path of a file from the root/);
  },
);
