import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startOn } from './support/service';

const ROOT = join(__dirname, '..');
const REQUIREMENTS = join(__dirname, 'python/requirements.txt');
const CACHE = join(ROOT, 'node_modules/.cache/taskresults-python');

const run = promisify(execFile);

/** The Python of a virtual environment with the requirements; made when there is none for just these. */
async function python(): Promise<string> {
  const { stdout: version } = await run('python3', ['--version']);
  const key = createHash('sha256').update(readFileSync(REQUIREMENTS)).update(version).digest('hex').slice(0, 16);
  const folder = join(CACHE, key);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    await mkdir(CACHE, { recursive: true });
    try {
      await run('python3', ['-m', 'venv', unfinished]);
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS];
      await run(join(unfinished, 'bin/python'), install);
      await rename(unfinished, folder);
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return join(folder, 'bin/python');
}

test('a Python client, with the .proto files alone, does the whole lifecycle', async () => {
  let interpreter: string;
  try {
    interpreter = await python();
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    console.warn(`THE PYTHON CLIENT IS NOT TESTED: it needs python3 with venv, and pip must find grpcio: ${error}`);
    return;
  }
  const service = await startOn('sqlite');
  try {
    const script = join(__dirname, 'python/lifecycle.py');
    const folders = [join(ROOT, 'proto'), join(ROOT, 'third_party/googleapis')];
    const { stdout } = await run(interpreter, [script, service.address, ...folders]);
    expect(stdout).toBe('the whole lifecycle is done\n');
  } finally {
    await service.stop();
  }
});
