import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addVersionOptions, readVersion, type VersionOptions } from '../options/version-options';
import { changesJson, printJson, taskResultJson } from '../output/json';
import { printable } from '../output/printable';
import { changeLines, detailLines } from '../output/task-result-text';

type Options = ClientOptions & VersionOptions;

const NOTHING_KNOWN = { incarnation: 0, revision: 0 };

export function addRefresh(program: Command): void {
  const command = clientCommand(program, 'refresh <id>', 'Show what has changed since a known version');
  addVersionOptions(command, 'the known')
    .addHelpText('after', '\nExample:\n  taskresults refresh report-2026-01 --incarnation 7 --revision 2')
    .action(refresh);
}

async function refresh(id: string, options: Options, command: Command): Promise<void> {
  const known = readVersion(options, command) ?? NOTHING_KNOWN;
  const changes = await withClient(options, (client) => client.changesSince(id, known));
  // Another creation of the result is shown as a whole.
  if (changes !== null && 'task' in changes) {
    if (options.json) printJson({ unchanged: false, ...taskResultJson(changes) });
    else for (const line of detailLines(changes)) console.log(line);
  } else if (options.json) {
    printJson({ id, unchanged: changes === null, ...(changes && changesJson(changes)) });
  } else {
    for (const line of changes ? changeLines(changes) : [printable(`${id}  unchanged`)]) console.log(line);
  }
}
