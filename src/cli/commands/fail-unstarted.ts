import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addErrorOptions, type ErrorOptions, readError } from '../options/error-options';
import { printState } from '../output/print-state';

type Options = ClientOptions & ErrorOptions;

export function addFailUnstarted(program: Command): void {
  addErrorOptions(clientCommand(program, 'fail-unstarted <id>', 'Report that a task failed without being started'))
    .addHelpText('after', EXAMPLE)
    .action(failUnstarted);
}

const EXAMPLE = `
Example:
  taskresults fail-unstarted report-2026-01 --error-class builtins.ImportError --message 'no module named app.tasks'`;

async function failUnstarted(id: string, options: Options, command: Command): Promise<void> {
  const error = readError(options, command);
  printState(await withClient(options, (client) => client.failTask(id, error)), options);
}
