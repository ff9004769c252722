import type { Command } from 'commander';
import type { Duration } from '../gen/google/protobuf/duration';
import { type ClientOptions, clientCommand, withClient } from './client-command';
import { integer, lease } from './option-values';
import { printState } from './print-state';

interface Options extends ClientOptions {
  attempt: number;
  lease: Duration;
}

export function addRenew(program: Command): void {
  clientCommand(program, 'renew <id>', 'Renew the lease of a running attempt')
    .requiredOption('--attempt <number>', 'the attempt', integer(1, 2 ** 31 - 1))
    .requiredOption('--lease <duration>', 'the new lease, from now', lease)
    .addHelpText('after', '\nExample:\n  taskresults renew report-2026-01 --attempt 1 --lease 30s')
    .action(renew);
}

async function renew(id: string, options: Options): Promise<void> {
  const request = { id, attempt: options.attempt, lease: options.lease };
  const { state } = await withClient(options, (client) => client.write(client.lifecycle.renewLease, request));
  printState(state, options);
}
