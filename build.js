/**
 * `node build.js` compiles the protocol, the TypeScript SDK and the server into their folders `dist`; `node build.js
 * client` only the first two, `node build.js protocol` only the first. What has not changed since the last time is not
 * compiled again.
 */
const { spawnSync } = require('node:child_process');
const { chmodSync, existsSync, readdirSync, rmSync } = require('node:fs');
const { join, sep } = require('node:path');

/** Each needs those before it, and its project names them. */
const PROJECTS = {
  protocol: join(__dirname, 'sdk/protocol'),
  client: join(__dirname, 'sdk/typescript'),
  server: __dirname,
};

const asked = process.argv[2] ?? 'server';
const last = Object.keys(PROJECTS).indexOf(asked);
if (last < 0) throw new Error(`there is nothing called ${asked} to build`);

for (const project of Object.values(PROJECTS).slice(0, last + 1)) discardUnlessWhole(project);
compile(PROJECTS[asked]);
if (asked === 'server') chmodSync(join(__dirname, 'dist/main.js'), 0o755); // `npx taskresults` runs it as a program

/**
 * The compiler leaves the output of a source that is gone, and does not miss an output that somebody removed. Then
 * nothing is kept, not even the compiler's record of what it has done, which lies next to its output.
 */
function discardUnlessWhole(project) {
  const sources = modules(join(project, 'src'), '.ts');
  const outputs = modules(join(project, 'dist'), '.js').filter((name) => !isOfAnotherProgram(project, name));
  if (sources.sort().join() !== outputs.sort().join()) rmSync(join(project, 'dist'), { recursive: true, force: true });
}

/** Names, without the extension, of the files that have it. */
function modules(folder, extension) {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true });
  return files.filter((file) => file.endsWith(extension)).map((file) => file.slice(0, -extension.length));
}

/**
 * Benchmarks and examples are compiled into `dist/bench`, `dist/examples`, and `dist/src` for what they use of the
 * server.
 */
function isOfAnotherProgram(project, name) {
  const [folder, ...rest] = name.split(sep);
  return rest.length > 0 && existsSync(join(project, folder));
}

function compile(project) {
  const compiler = require.resolve('typescript/bin/tsc');
  const args = [compiler, '--build', join(project, 'tsconfig.build.json')];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
