import { TaskResults } from '@taskresults/client';
import { type Command, Option } from 'commander';
import { readSettings } from '../config/settings';
import { milliseconds, nonEmpty } from './options/option-values';

export interface ClientOptions {
  server: string;
  timeout: number;
  json?: boolean;
}

const DEFAULT_SERVER = '127.0.0.1:50051';

/** A command that talks to a server, with the options that all of them take. */
export function clientCommand(program: Command, nameAndArguments: string, description: string): Command {
  return program
    .command(nameAndArguments)
    .description(description)
    .addOption(
      new Option('--server <host:port>', 'server to talk to')
        .env('TASKRESULTS_SERVER')
        .default(DEFAULT_SERVER)
        .argParser(nonEmpty),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for an answer')
        .default(10_000, '10s')
        .argParser(milliseconds(1, '24d')),
    )
    .option('--json', 'one JSON object a line, for scripts')
    .addHelpText('after', '\nA token is taken from the environment: TASKRESULTS_TOKEN.');
}

/** Lends `work` a client, and closes it. */
export async function withClient<T>(options: ClientOptions, work: (client: TaskResults) => Promise<T>): Promise<T> {
  const { token } = readSettings(['token'], {}, process.env);
  // Whoever types a command wants to know at once that nobody answers.
  const client = new TaskResults(options.server, {
    token: token ?? undefined,
    timeoutMs: options.timeout,
    retry: false,
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
