import type { Command } from 'commander';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { integer, lease } from '../options/option-values';
import { printState } from '../output/print-state';

interface Options extends ClientOptions {
  attempt: number;
  incarnation?: number;
  /** In milliseconds. */
  lease: number;
}

export function addRenew(program: Command): void {
  clientCommand(program, 'renew <id>', 'Renew the lease of a running attempt')
    .requiredOption('--attempt <number>', 'the attempt', integer(1, 2 ** 31 - 1))
    .option('--incarnation <number>', 'the incarnation that the start of the attempt printed', integer(1))
    .requiredOption('--lease <duration>', 'the new lease, from now', lease)
    .addHelpText('after', '\nExample:\n  taskresults renew report-2026-01 --attempt 1 --lease 30s')
    .action(renew);
}

async function renew(id: string, options: Options): Promise<void> {
  const { attempt, incarnation, lease } = options;
  printState(await withClient(options, (client) => client.renewLease(id, attempt, lease, { incarnation })), options);
}
