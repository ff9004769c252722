import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from './client-command';
import { printJson, updateJson } from './json';
import { integer } from './option-values';
import { printable } from './printable';
import { updateLines } from './task-result-text';

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
  const request = { id, knownRevision: BigInt(options.revision) };
  const { outcome } = await withClient(options, (client) => client.read(client.results.refreshTaskResult, request));
  const update = outcome?.$case === 'update' ? outcome.value : null;
  if (options.json) printJson({ id, unchanged: update === null, ...(update && updateJson(update)) });
  else if (update === null) console.log(printable(`${id}  unchanged`));
  else for (const line of updateLines(update)) console.log(line);
}
