import { type PreciseDate, RawJson } from '@taskresults/client';
import type { Command } from 'commander';
import { DEFAULT_MAX_ATTEMPTS, MAX_ATTEMPTS } from '../../domain/limits';
import { type ClientOptions, clientCommand, withClient } from '../client-command';
import { integer, labels, nonEmpty, time } from '../options/option-values';
import { printState } from '../output/print-state';

interface Options extends ClientOptions {
  args: string;
  kwargs: string;
  id?: string;
  queue?: string;
  priority: number;
  runAfter?: PreciseDate;
  backend?: string;
  takesContext?: boolean;
  maxAttempts?: number;
  label?: Record<string, string>;
}

export function addCreate(program: Command): void {
  clientCommand(program, 'create <path>', 'Register a task that has been enqueued')
    .option('--args <json>', 'positional arguments, a JSON array', nonEmpty, '[]')
    .option('--kwargs <json>', 'keyword arguments, a JSON object', nonEmpty, '{}')
    .option('--id <id>', 'the id; by default the client makes one', nonEmpty)
    .option('--queue <name>', 'name of the queue', nonEmpty)
    .option('--priority <number>', '-100 to 100', integer(-100, 100), 0)
    .option('--run-after <time>', 'not to be run before, e.g. 2026-01-31T12:00:00Z', time)
    .option('--backend <name>', 'name of the task backend', nonEmpty)
    .option('--takes-context', 'the task takes its own result as first argument')
    .option('--max-attempts <number>', MAX_ATTEMPTS_HELP, integer(1, MAX_ATTEMPTS))
    .option('--label <name=value>', 'a label; may be repeated', labels)
    .addHelpText('after', EXAMPLES)
    .action(create);
}

/** No default of its own: what is not given is not sent. */
const MAX_ATTEMPTS_HELP = `attempts that may be made, 1 to ${MAX_ATTEMPTS} (default: ${DEFAULT_MAX_ATTEMPTS})`;

const EXAMPLES = `
Examples:
  taskresults create app.tasks.send_mail --args '["ada@example.com"]' --label tenant=acme
  taskresults create app.tasks.report --id report-2026-01 --json`;

async function create(path: string, options: Options): Promise<void> {
  const { args, kwargs, id, queue, priority, runAfter, backend, takesContext, maxAttempts, label } = options;
  const task = {
    path,
    id,
    args: new RawJson(args),
    kwargs: new RawJson(kwargs),
    queueName: queue,
    priority,
    runAfter,
    backend,
    takesContext,
    maxAttempts,
    metadata: label,
  };
  printState(await withClient(options, (client) => client.register(task)), options);
}
