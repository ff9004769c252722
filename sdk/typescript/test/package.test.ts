import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as sdk from '../src/index';
import { TestServer } from './support/server';

const PACKAGE = join(__dirname, '..');
const PROTOCOL = join(__dirname, '../../protocol');
const COMPILER = join(__dirname, '../../../node_modules/typescript/bin/tsc');

/** An empty project, into which the package is installed as it would be published. */
let project: string;
let files: string[];

const execute = promisify(execFile);

function run(command: string, ...args: string[]) {
  return execute(command, args, { cwd: project, timeout: 300_000 });
}

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'taskresults-package-'));
  const packed = await pack(PACKAGE);
  files = packed.files;
  writeFileSync(join(project, 'package.json'), '{"private": true}');
  const archives = [packed.archive, (await pack(PROTOCOL)).archive];
  await run('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...archives);
});

/** It is built already: `npm test` sees to that. */
async function pack(folder: string): Promise<{ archive: string; files: string[] }> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', project];
  const { stdout } = await execute('npm', args, { cwd: folder });
  const [{ filename, files }] = JSON.parse(stdout);
  return { archive: join(project, filename), files: files.map(({ path }: { path: string }) => path) };
}

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('it holds what was compiled, and the papers', () => {
  const papers = files.filter((file) => !file.startsWith('dist/'));
  expect(papers.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  const compiled = files.filter((file) => file.startsWith('dist/'));
  expect(compiled).toContain('dist/index.d.ts');
  for (const file of compiled) {
    const [, name] = /^dist\/(.*?)(?:\.js|\.d\.ts)$/.exec(file) ?? [];
    expect(existsSync(join(PACKAGE, 'src', `${name}.ts`)) ? null : file).toBeNull();
    expect(readFileSync(join(PACKAGE, file), 'utf8')).not.toContain('sourceMappingURL');
  }
});

test('the protocol it needs holds its stubs and descriptors alone, and can be imported by itself', async () => {
  const { files } = await pack(PROTOCOL);
  const papers = files.filter((file) => !file.startsWith('dist/'));
  expect(papers.sort()).toEqual(['LICENSE', 'README.md', 'descriptors.binpb', 'package.json']);
  const program = `
    import { GetTaskResultRequest } from '@taskresults/protocol/taskresults/v1/task_result_service';
    console.log(GetTaskResultRequest.encode(GetTaskResultRequest.fromPartial({ id: 'a' })).finish().length);`;
  writeFileSync(join(project, 'protocol.mjs'), program);
  expect((await run(process.execPath, 'protocol.mjs')).stdout.trim()).toBe('3');
});

const NAMES = Object.keys(sdk).sort();

test.each([
  [
    'ESM',
    'client.mjs',
    `import * as sdk from '@taskresults/client';\nimport { TaskResults } from '@taskresults/client';`,
  ],
  ['CommonJS', 'client.cjs', `const sdk = require('@taskresults/client');\nconst { TaskResults } = sdk;`],
])('every name can be had from %s', async (_, file, imports) => {
  const server = await TestServer.start();
  try {
    const program = `${imports}
      const client = new TaskResults(${JSON.stringify(server.address)});
      client.run({ path: 'app.tasks.add', args: [1n] }, 'w', ({ result }) => result.args).then((result) => {
        client.close();
        const names = Object.keys(sdk).filter((name) => name !== 'default' && name !== 'module.exports' && name !== '__esModule');
        console.log(JSON.stringify({ names: names.sort(), value: result.returnValue }));
      });`;
    writeFileSync(join(project, file), program);
    const { stdout, stderr } = await run(process.execPath, file);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ names: NAMES, value: [1] });
  } finally {
    await server.remove();
  }
});

test('its types hold in both kinds of modules, the libraries of the package checked, too', async () => {
  const program = `
    import { TaskResults, type TaskResult } from '@taskresults/client';
    interface Invoice { total: number }
    export async function total(id: string): Promise<number> {
      const client = new TaskResults('localhost:50051', { token: 'secret' });
      const invoice: TaskResult<Invoice> = await client.get<Invoice>(id);
      const { returnValue } = await client.run('id', 'worker', ({ attempt }) => attempt);
      return invoice.returnValue.total + returnValue;
    }`;
  const programs = ['program.mts', 'program.cts'];
  for (const file of programs) writeFileSync(join(project, file), program);
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'node16', '--exactOptionalPropertyTypes'];
  await run(process.execPath, COMPILER, ...options, ...programs);
});
