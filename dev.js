/**
 * `npm run dev [-- <flags of serve>]`: compiles what changes, and starts the server anew whenever all of it compiles.
 * Ctrl-C ends both. On SQLite unless TASKRESULTS_DATABASE_URL says otherwise.
 */
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { join } = require('node:path');
const { createInterface } = require('node:readline');

const TSC = [require.resolve('typescript/bin/tsc'), '--build', join(__dirname, 'tsconfig.build.json')];
const SERVE = ['--enable-source-maps', join(__dirname, 'dist/main.js'), 'serve', ...process.argv.slice(2)];

const compiler = spawn(process.execPath, [...TSC, '--watch', '--preserveWatchOutput', '--locale', 'en'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let server = null;
let stopping = false;
let pending = Promise.resolve();

createInterface({ input: compiler.stdout }).on('line', (line) => {
  if (line.trim() !== '') console.log(line);
  if (line.includes('Found 0 errors.')) pending = pending.then(restart);
});

async function restart() {
  await stopServer();
  if (stopping) return;
  // In a group of its own: a terminal sends Ctrl-C to the whole group, and a second signal ends the server at once.
  server = spawn(process.execPath, SERVE, { stdio: 'inherit', detached: true });
}

async function stopServer() {
  if (server === null || server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGTERM');
  await exited;
}

function stop() {
  if (stopping) return;
  stopping = true;
  compiler.kill();
  pending = pending.then(stopServer);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
compiler.on('exit', stop);
