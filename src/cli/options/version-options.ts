import type { TaskResultVersion } from '@taskresults/client';
import type { Command } from 'commander';
import { integer } from './option-values';

export interface VersionOptions {
  incarnation?: number;
  revision?: number;
}

/** The options that say which version of a result is meant. */
export function addVersionOptions(command: Command, purpose: string): Command {
  return command
    .option('--incarnation <number>', `${purpose} creation of the result`, integer(1))
    .option('--revision <number>', `${purpose} revision of this incarnation`, integer(1));
}

/** Returns the version that the options say; undefined when they say none. A revision alone is a usage mistake. */
export function readVersion(
  { incarnation, revision }: VersionOptions,
  command: Command,
): TaskResultVersion | undefined {
  if (incarnation !== undefined) return { incarnation, revision: revision ?? 0 };
  if (revision !== undefined) command.error('error: --revision needs --incarnation');
  return undefined;
}
