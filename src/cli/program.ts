import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { addCreate } from './create';
import { addDelete } from './delete';
import { addFail } from './fail';
import { addFinish } from './finish';
import { addGet } from './get';
import { addList } from './list';
import { addMigrate } from './migrate';
import { addRefresh } from './refresh';
import { addRenew } from './renew';
import { addServe } from './serve';
import { addStart } from './start';
import { addWatch } from './watch';

/** The whole command line. Usage mistakes throw a CommanderError once commander has printed them. */
export function buildProgram(): Command {
  const program = new Command('taskresults')
    .description('Keeps what became of background tasks, and tells whoever asks.')
    .version(version())
    .exitOverride()
    .addHelpText('after', EXIT_CODES);
  const add = [addServe, addMigrate, addCreate, addStart, addRenew, addFinish, addFail];
  for (const command of [...add, addGet, addRefresh, addWatch, addList, addDelete]) command(program);
  return program;
}

const EXIT_CODES = `
Exit codes:
  0  done
  1  the server said no, or a watched task did not succeed
  2  the command line or a setting is wrong
  3  the server cannot be reached`;

function version(): string {
  return JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')).version;
}
