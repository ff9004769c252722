import { logVerbosity, setLogVerbosity, status } from '@grpc/grpc-js';
import { TaskResultsError } from '@taskresults/client';
import { type Command, CommanderError } from 'commander';
import { SettingsError } from '../settings';
import { Failure } from './failure';
import { printable } from './printable';

const UNREACHABLE: readonly (number | null)[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];

/** Runs a command line to its end. Whatever goes wrong becomes a line on stderr and an exit code. */
export async function run(program: Command, argv: readonly string[]): Promise<void> {
  // What grpc-js has to say is said by its errors, too.
  if (process.env.GRPC_VERBOSITY === undefined) setLogVerbosity(logVerbosity.NONE);
  // A reader that has seen enough, such as `head`, is no mistake.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.on('uncaughtException', (error) => process.exit(report(error)));
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Prints what went wrong; answers the exit code. */
function report(error: unknown): number {
  // Commander has printed it already; help and version end this way, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env.TASKRESULTS_DEBUG === '1') console.error(error);
  if (error instanceof SettingsError) {
    for (const mistake of error.mistakes) printError(mistake);
    return 2;
  }
  if (error instanceof TaskResultsError) {
    printError(describe(error));
    return UNREACHABLE.includes(error.code) ? 3 : 1;
  }
  printError(error instanceof Error ? withCauses(error) : String(error));
  return error instanceof Failure ? error.exitCode : 1;
}

/** Answers without a reason come from a proxy or a dead link; they have the name of their code instead. */
function describe({ message, reason, code }: TaskResultsError): string {
  const details = message.replace(/\.? Resolution note: *$/, '') || 'no details';
  const nobodyAnswers = UNREACHABLE.includes(code) && reason === status[code as status];
  return `${nobodyAnswers ? 'the server does not answer: ' : ''}${details} (${reason})`;
}

/** Only the store's errors have causes, and what they say is for whoever runs the server. */
function withCauses(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${withCauses(error.cause)}` : error.message;
}

function printError(message: string): void {
  console.error(`error: ${printable(message)}`);
}
