import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Help, type Option } from 'commander';
import { addCreate } from './commands/create';
import { addDelete } from './commands/delete';
import { addFailUnstarted } from './commands/fail-unstarted';
import { addFinish } from './commands/finish';
import { addGet } from './commands/get';
import { addList } from './commands/list';
import { addMigrate } from './commands/migrate';
import { addRefresh } from './commands/refresh';
import { addRenew } from './commands/renew';
import { addServe } from './commands/serve';
import { addStart } from './commands/start';
import { addWatch } from './commands/watch';

/** The whole command line. Usage mistakes throw a CommanderError once commander has printed them. */
export function buildProgram(): Command {
  const program = new Command('taskresults')
    .description('Keeps what became of background tasks, and tells whoever asks.')
    .version(version())
    .exitOverride()
    .configureHelp({ optionDescription })
    .addHelpText('after', EXIT_CODES);
  const add = [addServe, addMigrate, addCreate, addStart, addRenew, addFinish, addFailUnstarted];
  for (const command of [...add, addGet, addRefresh, addWatch, addList, addDelete]) command(program);
  return program;
}

const EXIT_CODES = `
Exit codes:
  0  done
  1  the server said no, or a watched task did not succeed
  2  the command line or a setting is wrong
  3  the server cannot be reached`;

/** The description of an option. Commander's own does not say whether the option is required. */
function optionDescription(option: Option): string {
  const description = new Help().optionDescription(option);
  return option.mandatory ? `${description} (required)` : description;
}

function version(): string {
  return JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')).version;
}
