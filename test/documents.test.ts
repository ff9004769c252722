import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const REPOSITORY = 'https://github.com/taskresults/taskresults';
const PACKAGES = ['sdk/go', 'sdk/java', 'sdk/protocol', 'sdk/python', 'sdk/typescript'];
/** What `npm run docs` writes. */
const MADE = 'docs/api/';

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const there = (path: string) => existsSync(join(ROOT, path));

function listed(...patterns: string[]): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const files = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).split('\n');
  return files.filter((path) => path !== '' && there(path));
}

const documents = listed('*.md').filter((path) => !path.startsWith('third_party/'));

/** What a document links to, without the place in the page. */
function links(path: string): string[] {
  const text = read(path);
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)];
  return targets.map(([, target = '']) => target.replace(/#.*/, '')).filter((target) => target !== '');
}

const isRelative = (target: string) => !/^[a-z]+:/.test(target);

/** The path in this repository that a link means; null when it leads elsewhere. */
function pathOf(document: string, target: string): string | null {
  if (isRelative(target)) return join(dirname(document), target);
  const [, path] = new RegExp(`^${REPOSITORY}/(?:blob|tree)/main/(.*)$`).exec(target) ?? [];
  return path ?? null;
}

test.each(documents)('the links of %s lead to what is there', (document) => {
  const paths = links(document).map((target) => pathOf(document, target));
  expect(paths.filter((path) => path !== null && !there(path))).toEqual([]);
});

test.each(documents)('the files that %s names are there', (document) => {
  const named = [...read(document).matchAll(/`((?:src|test|bench|docs|proto|sdk|examples)\/[\w./-]+)`/g)];
  const paths = named.map(([, path = '']) => path);
  const inPackage = (path: string) => there(join(dirname(document), path));
  expect(paths.filter((path) => !path.startsWith(MADE) && !there(path) && !inPackage(path))).toEqual([]);
});

test.each(PACKAGES)(
  'the links of %s/README.md also work on the page of the package, which has no other files',
  (folder) => {
    expect(links(join(folder, 'README.md')).filter(isRelative)).toEqual([]);
  },
);

test('the tables of the README are those that the sources make', () => {
  const { withTables } = require('../docs/tables.js');
  expect(withTables(read('README.md'))).toBe(read('README.md'));
});

describe('versions that documents and scripts ask for', () => {
  const goOf = (path: string) => /^go (\d+\.\d+)/m.exec(read(path))?.[1];
  const use = goOf('sdk/go/go.mod');
  const development = goOf('sdk/go/tools/go.mod');

  test.each([
    ['README.md', [development]],
    ['CONTRIBUTING.md', [development]],
    ['sdk/README.md', [use]],
    ['sdk/go/README.md', [use, development]],
    ['sdk/go/check', [development]],
    ['sdk/go/generate', [development]],
    ['sdk/go/driver', [use]],
  ])('%s asks for Go as go.mod does', (path, versions) => {
    const asked = [...read(path).matchAll(/\bGo (\d+\.\d+)/g)].map(([, version]) => version);
    expect(asked).toEqual(versions);
  });

  test.each(['README.md', 'sdk/README.md', 'sdk/typescript/README.md'])(
    '%s asks for Node.js as package.json does',
    (path) => {
      const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
      const asked = [...read(path).matchAll(/\bNode(?:\.js)? (\d+\.\d+)/g)].map(([, version]) => `>=${version}`);
      expect(asked).toEqual([engines.node]);
    },
  );
});
