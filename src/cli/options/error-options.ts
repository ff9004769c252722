import { readFileSync } from 'node:fs';
import type { ErrorReport } from '@taskresults/client';
import { type Command, Option } from 'commander';
import { nonEmpty } from './option-values';

export interface ErrorOptions {
  errorClass?: string;
  message?: string;
  traceback?: string;
  tracebackFile?: string;
}

/** The options that describe what a task raised. */
export function addErrorOptions(command: Command): Command {
  return command
    .option('--error-class <path>', 'class of what was raised, e.g. builtins.ValueError', nonEmpty)
    .option('--message <text>', 'what it said')
    .option('--traceback <text>', 'its traceback')
    .addOption(new Option('--traceback-file <file>', 'the same, from a file').conflicts('traceback'));
}

/** Returns the error that the options describe; undefined when they describe none. Some together are a usage mistake. */
export function readError(options: ErrorOptions, command: Command): ErrorReport | undefined {
  const { errorClass, message, traceback, tracebackFile } = options;
  if (errorClass !== undefined) {
    const text = tracebackFile === undefined ? traceback : readTraceback(tracebackFile, command);
    return { exceptionClassPath: errorClass, message, traceback: text };
  }
  if ((message ?? traceback ?? tracebackFile) !== undefined)
    command.error('error: --message and --traceback need --error-class');
  return undefined;
}

function readTraceback(file: string, command: Command): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return command.error(`error: cannot read --traceback-file: ${(error as Error).message}`);
  }
}
