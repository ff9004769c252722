import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '../../../test/support/until';
import { TestServer } from './support/server';

const EXAMPLE = join(__dirname, '../example');
const COMPILER = join(__dirname, '../../../node_modules/typescript/bin/tsc');

const execute = promisify(execFile);

test('the watcher shows what the worker does, and ends at Ctrl-C', async () => {
  await execute(process.execPath, [COMPILER, '-p', EXAMPLE]);
  const server = await TestServer.start();
  const env = { PATH: process.env.PATH, TASKRESULTS_SERVER: server.address };
  const watcher = spawn(process.execPath, [join(EXAMPLE, 'dist/watcher.js')], { env });
  const closed = once(watcher, 'close');
  try {
    let shown = '';
    watcher.stdout.on('data', (chunk) => {
      shown += chunk;
    });
    const worker = [join(EXAMPLE, 'dist/worker.js'), __filename, '/no/such/file'];
    const { stderr } = await execute(process.execPath, worker, { env, timeout: 300_000 });
    expect(stderr).toMatch(/^ENOENT.*\n$/);

    const hash = createHash('sha256').update(readFileSync(__filename)).digest('hex');
    const isShown = () => shown.includes(`SUCCESSFUL  ${hash}\n`) && /\/no\/such\/file {2}FAILED {2}ENOENT/.test(shown);
    await until(isShown, 'both outcomes are shown');
    watcher.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  } finally {
    watcher.kill('SIGKILL');
    await server.remove();
  }
});
