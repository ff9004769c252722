import type { Command } from 'commander';
import { readDatabase } from '../../config/config';
import { displayDatabase } from '../../config/database-url';
import type { Flags } from '../../config/settings';
import { addSettingOptions } from '../options/setting-options';

export function addMigrate(program: Command): void {
  addSettingOptions(program.command('migrate').description('Bring the schema of a database up to date'), [
    'databaseUrl',
  ])
    .addHelpText('after', EXAMPLE)
    .action(migrate);
}

const EXAMPLE = `
Example:
  TASKRESULTS_DATABASE_URL=mysql://user:password@db/taskresults taskresults migrate`;

async function migrate(flags: Flags): Promise<void> {
  const database = readDatabase(flags, process.env);
  // Loaded only here: the client commands do without a database.
  const { migrate } = await import('../../store/open.js');
  const names = await migrate(database);
  for (const name of names) console.log(`ran ${name}`);
  if (names.length === 0) console.log('nothing to do');
  console.log(`${displayDatabase(database)} is up to date`);
}
