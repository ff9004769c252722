import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { lease } from '../options/option-values';
import { printState } from '../output/print-state';

interface Options extends ClientOptions {
  worker: string;
  /** In milliseconds. */
  lease?: number;
  force?: boolean;
}

export function addStart(program: Command): void {
  clientCommand(program, 'start <id>', 'Start an attempt as a worker, and print its number')
    .requiredOption('--worker <id>', 'who runs the attempt')
    .option(
      '--lease <duration>',
      'the attempt is lost unless it is finished or renewed within this time; default: never',
      lease,
    )
    .option('--force', 'take the task over though another attempt is running')
    .addHelpText('after', EXAMPLES)
    .action(start);
}

const EXAMPLES = `
Examples:
  taskresults start report-2026-01 --worker host-1 --lease 30s
  attempt=$(taskresults start report-2026-01 --worker host-1 --json | jq .attempts)`;

async function start(id: string, options: Options): Promise<void> {
  const { worker, lease, force } = options;
  const { attempt: _, ...state } = await withClient(options, (client) =>
    client.startAttempt(id, worker, { leaseMs: lease, force }),
  );
  printState(state, options);
}
