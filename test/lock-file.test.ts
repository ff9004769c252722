import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockedPackage {
  /** A workspace, which comes from this repository. */
  link?: boolean;
  resolved?: string;
  integrity?: string;
}

const LOCK_FILE = join(__dirname, '../package-lock.json');
const { packages } = JSON.parse(readFileSync(LOCK_FILE, 'utf8')) as { packages: Record<string, LockedPackage> };
const installed = Object.entries(packages).filter(([path, { link }]) => path.includes('node_modules/') && !link);

test('every package that npm would fetch, for whatever platform, is known by its hash', () => {
  expect(installed.length).toBeGreaterThan(100);
  const unknown = installed.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
  expect(unknown.map(([path]) => path)).toEqual([]);
});

test('no package is tied to the registry that it was first fetched from', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
});
