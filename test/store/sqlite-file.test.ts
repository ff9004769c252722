import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { openStore } from '../../src/store/open';
import { create } from '../support/commands';
import { killLeftovers, Program, run } from '../support/program';
import { TestClock } from '../support/temporary-store';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taskresults-file-'));
});
afterEach(async () => {
  await killLeftovers();
  await rm(folder, { recursive: true, force: true });
});

function open(file: string) {
  const options = { clock: new TestClock().read, retention: { afterFinish: null }, whenOutdated: 'migrate' as const };
  return openStore({ engine: 'sqlite', file }, options);
}

async function modes(): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
  return Object.fromEntries(names.map((name, i) => [name, ((stats[i]?.mode ?? 0) & 0o777).toString(8)]));
}

test('the file and its log are for their owner alone, whatever the umask', async () => {
  const before = process.umask(0);
  try {
    const store = await open(join(folder, 'results.sqlite'));
    await store.transact([create('a')]);
    expect(await modes()).toEqual({ 'results.sqlite': '600', 'results.sqlite-wal': '600' });
    await store.close();
    expect(await modes()).toEqual({ 'results.sqlite': '600' });
  } finally {
    process.umask(before);
  }
});

test('a file that is there keeps the permissions that it was given, and its log gets the same', async () => {
  const file = join(folder, 'results.sqlite');
  await (await open(file)).close();
  await chmod(file, 0o640);
  const store = await open(file);
  await store.transact([create('a')]);
  expect(await modes()).toEqual({ 'results.sqlite': '640', 'results.sqlite-wal': '640' });
  await store.close();
});

test('folders on the way are made', async () => {
  await (await open(join(folder, 'a', 'b', 'results.sqlite'))).close();
});

test('a second process is told which file it cannot have, and why, however it names the file', async () => {
  const file = join(folder, 'results.sqlite');
  const first = new Program(['serve', '--port', '0', '--database-url', `sqlite:${file}`]);
  await first.printed(/is listening/);
  for (const path of [file, relative(process.cwd(), file)]) {
    const why = 'an SQLite file serves one process at a time; --database-url names another file';
    expect(await run(['serve', '--port', '0', '--database-url', `sqlite:${path}`])).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: another process has ${file} open: ${why}\n`,
    });
  }
  await first.kill('SIGTERM');
});

test.each<[string, RegExp, (path: string) => Promise<unknown>]>([
  ['a folder', /it is no regular file/, (path) => mkdir(path)],
  ['a link to a device', /it is no regular file/, (path) => symlink('/dev/null', path)],
  ['a pipe', /it is no regular file/, (path) => promisify(execFile)('mkfifo', [path])],
  ['a file of something else', /SQLITE_NOTADB/, (path) => writeFile(path, 'no database, but text. '.repeat(100))],
])('%s is refused in one line that names it', async (_what, why, make) => {
  const path = join(folder, 'thing');
  await make(path);
  const { code, stdout, stderr } = await run(['serve', '--port', '0', '--database-url', `sqlite:${path}`]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: .*\n$/);
  expect(stderr).toContain(path);
  expect(stderr).toMatch(why);
});

/** Makes Node.js run `code` before the program. */
async function preload(code: string): Promise<{ NODE_OPTIONS: string }> {
  const file = join(folder, 'preload.cjs');
  await writeFile(file, code);
  return { NODE_OPTIONS: `--require ${file}` };
}

/** As `require('better-sqlite3')` fails when npm could not install it, or when it was compiled for another Node.js. */
const failing = (code: string, message: string) => `
  const Module = require('node:module');
  const load = Module._load;
  Module._load = function (name, ...rest) {
    if (name === 'better-sqlite3') throw Object.assign(new Error(${JSON.stringify(message)}), { code: '${code}' });
    return load.call(this, name, ...rest);
  };`;

test.each([
  [
    'MODULE_NOT_FOUND',
    "Cannot find module 'better-sqlite3'\nRequire stack:",
    /apt-get install -y build-essential python3/,
  ],
  ['', 'Could not locate the bindings file. Tried:\n → …', /apt-get install -y build-essential python3/],
  ['ERR_DLOPEN_FAILED', 'was compiled against a different Node.js version using\nNODE_MODULE_VERSION 1', /npm rebuild/],
])('a driver that does not load (%s) is said in one line, with what to do', async (code, message, advice) => {
  const env = await preload(failing(code, message));
  const file = join(folder, 'results.sqlite');
  const { stderr, ...rest } = await run(['serve', '--port', '0', '--database-url', `sqlite:${file}`], env);
  expect(rest).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: SQLite cannot be used: its driver better-sqlite3 .*\n$/);
  expect(stderr).toMatch(advice);
  expect(await readdir(folder)).toEqual(['preload.cjs']);
});
