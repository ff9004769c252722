import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './support/until';

const ROOT = join(__dirname, '..');

/** A project in small: `dev.js` is the real one, and its server says what it is and waits for a signal. */
let project: string;
let dev: ChildProcess;
let output = '';

function writeServer(name: string): void {
  writeFileSync(
    join(project, 'src/main.ts'),
    `const name: string = ${name};
    process.once('SIGTERM', () => {
      console.log(name + ' stopped');
      process.exit();
    });
    setInterval(() => {}, 1_000);
    console.log(name + ' started ' + process.argv.slice(2).join(' '));\n`,
  );
}

const shown = (text: string) => until(() => output.includes(text), text, 240_000);

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'taskresults-dev-'));
  mkdirSync(join(project, 'src'));
  copyFileSync(join(ROOT, 'dev.js'), join(project, 'dev.js'));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  const compilerOptions = {
    rootDir: 'src',
    outDir: 'dist',
    types: ['node'],
    skipLibCheck: true,
    module: 'node16',
    target: 'ES2022',
  };
  const config = { compilerOptions, include: ['src'] };
  writeFileSync(join(project, 'tsconfig.build.json'), JSON.stringify(config));
  writeServer('"first"');
  dev = spawn(process.execPath, [join(project, 'dev.js'), '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  dev.stdout?.on('data', (data: Buffer) => {
    output += data;
  });
});

afterAll(async () => {
  const exited = dev.exitCode === null ? once(dev, 'exit') : null;
  dev.kill();
  await exited;
  rmSync(project, { recursive: true, force: true });
});

test('a change is compiled and served, a mistake is not, and a signal ends all', async () => {
  await shown('first started serve --port 0');

  writeServer('2');
  await shown('Found 1 error.');
  expect(output).not.toContain('first stopped');

  writeServer('"second"');
  await shown('second started');
  expect(output).toContain('first stopped');

  const exited = once(dev, 'exit');
  dev.kill('SIGINT');
  dev.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(output).toContain('second stopped');
}, 600_000);
