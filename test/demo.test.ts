import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
const DEMO = join(ROOT, 'dist/examples/demo/main.js');

const execute = promisify(execFile);

test('the demo runs to its end, every result as expected, and leaves nothing behind', async () => {
  await execute(process.execPath, [COMPILER, '-p', join(ROOT, 'examples')]);
  const temporary = await mkdtemp(join(tmpdir(), 'taskresults-demo-test-'));
  try {
    // Rejects unless the exit code is 0. Its output ends only when the server's does, too.
    const { stdout } = await execute(process.execPath, [DEMO], {
      env: { ...process.env, TMPDIR: temporary },
      timeout: 300_000, // it ends the demo, which a test that is over its own limit leaves behind
    });
    expect(stdout).toMatch(/demo\.flaky_checksum .* SUCCESSFUL {2}2 .* yes\n/);
    expect(stdout).toMatch(/no-such-file\.ts .* FAILED .* Error: ENOENT.* yes\n/);
    expect(stdout).toMatch(/demo\.read_ahead .* SUCCESSFUL {2}1 {9}null .* yes\n/);
    expect(stdout).toMatch(/\nevery result is as expected\n$/);
    expect(await readdir(temporary)).toEqual([]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
});
