import { RawJson, type TaskResults, type TaskState } from '@taskresults/client';
import { type Command, Option } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { addErrorOptions, type ErrorOptions, readError } from '../options/error-options';
import { integer, nonEmpty } from '../options/option-values';
import { printState } from '../output/print-state';

interface Options extends ClientOptions, ErrorOptions {
  attempt: number;
  incarnation?: number;
  value?: string;
  retry?: boolean;
}

export function addFinish(program: Command): void {
  const command = clientCommand(program, 'finish <id>', 'Report how an attempt ended')
    .requiredOption('--attempt <number>', 'the attempt', integer(1, 2 ** 31 - 1))
    .option('--incarnation <number>', 'the incarnation that the start of the attempt printed', integer(1))
    .addOption(
      new Option('--value <json>', 'it succeeded and returned this; either this or --error-class is required')
        .conflicts(['errorClass', 'retry'])
        .argParser(nonEmpty),
    );
  addErrorOptions(command)
    .option('--retry', 'it failed, and another attempt is to be made')
    .addHelpText('after', EXAMPLES)
    .action(finish);
}

const EXAMPLES = `
Examples:
  taskresults finish report-2026-01 --attempt 1 --value '{"pages": 12}'
  taskresults finish report-2026-01 --attempt 1 --error-class builtins.TimeoutError --message 'no answer' --retry`;

async function finish(id: string, options: Options, command: Command): Promise<void> {
  printState(await withClient(options, reportOf(id, options, command)), options);
}

function reportOf(id: string, options: Options, command: Command): (client: TaskResults) => Promise<TaskState> {
  const { attempt, incarnation, value, retry } = options;
  const error = readError(options, command);
  if (error) return (client) => client.fail(id, attempt, error, { retry, incarnation });
  if (value === undefined) command.error('error: give --value, or --error-class for a failure');
  return (client) => client.succeed(id, attempt, new RawJson(value), { incarnation });
}
