import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from './client-command';
import { printJson } from './json';
import { integer } from './option-values';
import { printable } from './printable';

interface Options extends ClientOptions {
  revision?: number;
  allowMissing?: boolean;
}

export function addDelete(program: Command): void {
  clientCommand(program, 'delete <id>', 'Remove a result, whatever its status')
    .option('--revision <number>', 'only when it has this revision', integer(1))
    .option('--allow-missing', 'a missing result is no error')
    .addHelpText('after', '\nExample:\n  taskresults delete report-2026-01 --revision 3')
    .action(remove);
}

async function remove(id: string, options: Options): Promise<void> {
  const { revision, allowMissing } = options;
  await withClient(options, (client) => client.delete(id, { revision, allowMissing }));
  if (options.json) printJson({ id, deleted: true });
  else console.log(printable(`${id}  deleted`));
}
