import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..');

const execute = promisify(execFile);

/** A clone in small: how the project is built is the real one, and the sources are a few lines. */
let clone: string;

const inClone = (path: string) => join(clone, path);
const there = (path: string) => existsSync(inClone(path));
const remove = (path: string) => rmSync(inClone(path), { recursive: true });
const changedAt = (path: string) => statSync(inClone(path), { bigint: true }).mtimeNs;

function write(path: string, content: string): void {
  mkdirSync(dirname(inClone(path)), { recursive: true });
  writeFileSync(inClone(path), content);
}

function writeClient(greeting: string, parameter = 'string'): void {
  write('sdk/typescript/src/index.ts', `export const greet = (name: ${parameter}) => '${greeting}' + name;\n`);
}

async function build(...args: string[]): Promise<void> {
  await execute(process.execPath, [inClone('build.js'), ...args]);
}

/** The program that was built, run as npx does. */
async function output(): Promise<string> {
  const { stdout } = await execute(inClone('dist/main.js'));
  return stdout.trim();
}

beforeEach(async () => {
  clone = mkdtempSync(join(tmpdir(), 'taskresults-build-'));
  write(
    'src/main.ts',
    `#!/usr/bin/env node\nimport { greet } from '@taskresults/client';\nconsole.log(greet('Ada'));\n`,
  );
  write('src/cli/extra.ts', 'export const extra = 1;\n');
  write('sdk/protocol/src/v1/task.ts', 'export interface Task {}\n');
  write('sdk/protocol/src/v2/task.ts', 'export interface Task {}\n');
  writeClient('Hello, ');
  write('sdk/typescript/src/extra.ts', 'export const extra = 1;\n');
  const config = ['tsconfig.json', 'tsconfig.build.json', 'package.json'];
  const packages = config.flatMap((name) => [`sdk/protocol/${name}`, `sdk/typescript/${name}`]);
  for (const file of ['build.js', ...config, ...packages].filter((name) => existsSync(join(ROOT, name)))) {
    copyFileSync(join(ROOT, file), inClone(file));
  }
  mkdirSync(inClone('node_modules/@taskresults'), { recursive: true });
  symlinkSync(inClone('sdk/protocol'), inClone('node_modules/@taskresults/protocol'));
  symlinkSync(inClone('sdk/typescript'), inClone('node_modules/@taskresults/client'));
  for (const name of ['typescript', '@types']) {
    symlinkSync(join(ROOT, 'node_modules', name), inClone(`node_modules/${name}`));
  }
  await build();
});

afterEach(() => rmSync(clone, { recursive: true, force: true }));

test('a fresh clone is built whole, and its program can be executed', async () => {
  expect(await output()).toBe('Hello, Ada');
  expect(there('dist/cli/extra.js')).toBe(true);
  expect(there('sdk/protocol/dist/v1/task.d.ts')).toBe(true);
  expect(there('sdk/typescript/dist/index.d.ts')).toBe(true);
});

test('what has not changed is not built again', async () => {
  const built = [
    'dist/main.js',
    'dist/.tsbuildinfo',
    'sdk/typescript/dist/index.js',
    'sdk/typescript/dist/.tsbuildinfo',
    'sdk/protocol/dist/v1/task.js',
    'sdk/protocol/dist/.tsbuildinfo',
  ];
  const before = built.map(changedAt);
  await build();
  expect(built.map(changedAt)).toEqual(before);
});

test('what has changed is built again, in the client as in the server', async () => {
  writeClient('Good morning, ');
  write('src/cli/extra.ts', 'export const extra = 2;\n');
  await build();
  expect(await output()).toBe('Good morning, Ada');
  expect(require(inClone('dist/cli/extra.js')).extra).toBe(2);
});

test('an error is reported each time until it is mended, also one that a change of the client causes', async () => {
  writeClient('Hello, ', 'number');
  for (let i = 0; i < 2; i++) {
    await expect(build()).rejects.toMatchObject({ stdout: expect.stringContaining('src/main.ts') });
  }
  writeClient('Hello, ');
  await build();
  expect(await output()).toBe('Hello, Ada');
});

test.each([
  ['src/cli', ['dist/cli/extra.js']],
  ['sdk/protocol/src/v1', ['sdk/protocol/dist/v1/task.js', 'sdk/protocol/dist/v1/task.d.ts']],
  ['sdk/typescript/src/extra.ts', ['sdk/typescript/dist/extra.js', 'sdk/typescript/dist/extra.d.ts']],
])('nothing is left of %s when it was removed', async (source, outputs) => {
  expect(outputs.map(there)).not.toContain(false);
  remove(source);
  await build();
  expect(outputs.map(there)).not.toContain(true);
  expect(await output()).toBe('Hello, Ada');
});

test.each([
  ['dist'],
  ['dist/main.js'],
  ['dist/cli'],
  ['sdk/protocol/dist'],
  ['sdk/protocol/dist/v1/task.js'],
  ['sdk/typescript/dist'],
  ['sdk/typescript/dist/index.js'],
])('%s is made again when it was removed', async (path) => {
  remove(path);
  await build();
  expect(there(path)).toBe(true);
  expect(await output()).toBe('Hello, Ada');
});

test('what benchmarks and examples were compiled into is left where it is', async () => {
  mkdirSync(inClone('bench'));
  write('dist/bench/run.js', '');
  write('dist/src/main.js', '');
  await build();
  expect(there('dist/bench/run.js')).toBe(true);
  expect(there('dist/src/main.js')).toBe(true);
});

test('the client can be built alone', async () => {
  remove('dist');
  write('sdk/typescript/src/extra.ts', 'export const extra = 2;\n');
  await build('client');
  expect(require(inClone('sdk/typescript/dist/extra.js')).extra).toBe(2);
  expect(there('dist')).toBe(false);
});

test('the protocol can be built alone, and nothing that is not there', async () => {
  remove('sdk/typescript/dist');
  write('sdk/protocol/src/v1/task.ts', 'export const task = 2;\n');
  await build('protocol');
  expect(require(inClone('sdk/protocol/dist/v1/task.js')).task).toBe(2);
  expect(there('sdk/typescript/dist')).toBe(false);
  await expect(build('server-side')).rejects.toThrow('server-side');
});
