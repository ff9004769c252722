import { hash } from 'node:crypto';
import type { Metadata, Micros, ReportedError, Task } from './task-result';
import type { Version } from './version';

/** A call of the lifecycle, checked and with its defaults filled in. */
export type Command =
  | CreateCommand
  | StartCommand
  | (Fence & { kind: 'renew'; lease: Micros })
  | (Fence & { kind: 'succeed'; returnValueJson: string })
  | (Fence & { kind: 'failAttempt'; error: ReportedError; retry: boolean })
  /** Before any attempt: `FailTaskResult`. */
  | { kind: 'failUnstarted'; id: string; error: ReportedError | null }
  | { kind: 'delete'; id: string; version: DeletedVersion | null; allowMissing: boolean };

/** Which attempt of which creation of a result. */
export interface Fence {
  id: string;
  /** Null: whichever result has the id. */
  incarnation: number | null;
  attempt: number;
}

/** Which result to delete. */
export interface DeletedVersion extends Omit<Version, 'revision'> {
  /** Null: any revision of this incarnation. */
  revision: number | null;
}

export interface StartCommand {
  kind: 'start';
  id: string;
  workerId: string;
  lease: Micros | null;
  force: boolean;
  /** Names the call, so that its repetition is known. Null: it is never taken for one. */
  requestId: string | null;
}

export interface CreateCommand {
  kind: 'create';
  id: string;
  task: Task;
  argsJson: string;
  kwargsJson: string;
  backend: string;
  metadata: Metadata;
  /** Null: DEFAULT_MAX_ATTEMPTS. */
  maxAttempts: number | null;
}

/** Commands whose repetition is known by what they say. */
type Recognised = Exclude<Command, { kind: 'start' | 'renew' | 'delete' }>;

/**
 * A fingerprint of everything a command says, except for whom. Two commands for one result are the same call exactly
 * when their fingerprints are equal: that is how a repeated call is told from a new one. It has 132 bits of SHA-256, as
 * 22 characters of ASCII.
 */
export function fingerprint(command: Recognised): string {
  return hash('sha256', JSON.stringify(content(command)), 'base64').slice(0, 22);
}

function content(command: Recognised): unknown[] {
  switch (command.kind) {
    case 'create': {
      const { path, priority, queueName, runAfter, takesContext } = command.task;
      const metadata = Object.entries(command.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
      const { argsJson, kwargsJson, backend, maxAttempts } = command;
      const said = [path, priority, queueName, runAfter, takesContext, argsJson, kwargsJson, backend, metadata];
      // What is unset adds nothing, so that a later version adds fields without making other content of what there is.
      return ['create', ...said, ...(maxAttempts === null ? [] : [{ maxAttempts }])];
    }
    case 'succeed':
      return ['succeed', command.attempt, command.returnValueJson];
    case 'failAttempt':
      return ['failAttempt', command.attempt, command.retry, ...reported(command.error)];
    case 'failUnstarted':
      return ['failUnstarted', ...(command.error ? reported(command.error) : [])];
  }
}

function reported({ exceptionClassPath, message, traceback }: ReportedError): string[] {
  return [exceptionClassPath, message, traceback];
}
