import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type Command, CommanderError } from 'commander';
import { SettingsError } from '../config/settings';
import { toFailure } from './failure';
import { printable } from './output/printable';

/** Runs a command line to its end. Whatever goes wrong becomes a line on stderr and an exit code. */
export async function run(program: Command, argv: readonly string[]): Promise<void> {
  // grpc-js would log what its errors say anyway.
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
  // It is no mistake when a program such as `head` has read enough.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.on('uncaughtException', (error) => process.exit(report(error)));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Prints what went wrong. Returns the exit code. */
function report(error: unknown): number {
  // Commander has printed it already. Help and version end this way, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env.TASKRESULTS_DEBUG === '1') console.error(error);
  if (error instanceof SettingsError) {
    for (const mistake of error.mistakes) printError(mistake);
    return 2;
  }
  const { message, exitCode } = toFailure(error);
  printError(message);
  return exitCode;
}

function printError(message: string): void {
  console.error(`error: ${printable(message)}`);
}
