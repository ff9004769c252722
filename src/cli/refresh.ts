import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from './client-command';
import { changesJson, printJson } from './json';
import { integer } from './option-values';
import { printable } from './printable';
import { changeLines } from './task-result-text';

interface Options extends ClientOptions {
  revision: number;
}

export function addRefresh(program: Command): void {
  clientCommand(program, 'refresh <id>', 'Show what has changed since a known revision')
    .requiredOption('--revision <number>', 'the revision already known; 0: none', integer(0))
    .addHelpText('after', '\nExample:\n  taskresults refresh report-2026-01 --revision 2')
    .action(refresh);
}

async function refresh(id: string, options: Options): Promise<void> {
  const changes = await withClient(options, (client) => client.changesSince(id, options.revision));
  if (options.json) printJson({ id, unchanged: changes === null, ...(changes && changesJson(changes)) });
  else if (changes === null) console.log(printable(`${id}  unchanged`));
  else for (const line of changeLines(changes)) console.log(line);
}
