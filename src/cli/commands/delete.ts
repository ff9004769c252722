import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addVersionOptions, readVersion, type VersionOptions } from '../options/version-options';
import { printJson } from '../output/json';
import { printable } from '../output/printable';

interface Options extends ClientOptions, VersionOptions {
  allowMissing?: boolean;
}

export function addDelete(program: Command): void {
  addVersionOptions(clientCommand(program, 'delete <id>', 'Remove a result, whatever its status'), 'only this')
    .option('--allow-missing', 'a missing result is no error')
    .addHelpText('after', '\nExample:\n  taskresults delete report-2026-01 --incarnation 7 --revision 3')
    .action(remove);
}

async function remove(id: string, options: Options, command: Command): Promise<void> {
  const { allowMissing } = options;
  const version = readVersion(options, command);
  await withClient(options, (client) => client.delete(id, { version, allowMissing }));
  if (options.json) printJson({ id, deleted: true });
  else console.log(printable(`${id}  deleted`));
}
