import { TaskResults } from '@taskresults/client';
import { type Command, Option } from 'commander';
import { readSettings } from '../config/settings';
import { milliseconds } from './options/option-values';
import { serverAddress } from './options/server-address';
import { addTlsOptions, readTls, type TlsFlags } from './options/tls-options';

export interface ClientOptions extends TlsFlags {
  server: string;
  /** In milliseconds. */
  timeout: number;
  /** Whether a proxy that the environment names is used. */
  proxy: boolean;
  json?: boolean;
}

const DEFAULT_SERVER = '127.0.0.1:50051';

/** A command that talks to a server, with the options that all of them take. */
export function clientCommand(program: Command, nameAndArguments: string, description: string): Command {
  const command = program
    .command(nameAndArguments)
    .description(description)
    .addOption(
      new Option('--server <host:port>', 'server to talk to; unix:/path for a Unix socket')
        .env('TASKRESULTS_SERVER')
        .default(DEFAULT_SERVER)
        .argParser(serverAddress),
    );
  return addTlsOptions(command)
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for an answer')
        .default(10_000, '10s')
        .argParser(milliseconds(1, '24d')),
    )
    .option('--no-proxy', 'call the server directly, whatever proxy the environment names')
    .option('--json', 'one JSON object a line, for scripts')
    .addHelpText('after', '\nA token is taken from the environment: TASKRESULTS_TOKEN.');
}

/** Lends `work` a client, and closes it. */
export async function withClient<T>(options: ClientOptions, work: (client: TaskResults) => Promise<T>): Promise<T> {
  const { token } = readSettings(['token'], {}, process.env);
  // With TLS, gRPC uses a server's address in a way that Node.js warns of. Whoever types a command cannot change that.
  process.noDeprecation = true;
  const client = new TaskResults(options.server, {
    token: token ?? undefined,
    tls: readTls(options, process.env),
    proxy: options.proxy,
    timeoutMs: options.timeout,
    // Whoever types a command wants to know at once that nobody answers.
    retry: false,
  });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
