import { hash } from 'node:crypto';
import type { Metadata, Micros, ReportedError, Task } from './task-result';

/** A call of the lifecycle, checked and with its defaults filled in. */
export type Command =
  | CreateCommand
  | { kind: 'start'; id: string; workerId: string; lease: Micros | null; force: boolean }
  | { kind: 'renew'; id: string; attempt: number; lease: Micros }
  | { kind: 'succeed'; id: string; attempt: number; returnValueJson: string }
  | { kind: 'failAttempt'; id: string; attempt: number; error: ReportedError; retry: boolean }
  | { kind: 'fail'; id: string; error: ReportedError | null }
  | { kind: 'delete'; id: string; revision: number | null; allowMissing: boolean };

export interface CreateCommand {
  kind: 'create';
  id: string;
  task: Task;
  argsJson: string;
  kwargsJson: string;
  backend: string;
  metadata: Metadata;
}

/**
 * A fingerprint of everything a command says but its id. Two commands for one id are the same call exactly when their
 * fingerprints are equal, which is how a repeated call is told from a new one. 132 bits of SHA-256.
 */
export function fingerprint(command: Command): string {
  return hash('sha256', JSON.stringify(content(command)), 'base64').slice(0, 22);
}

function content(command: Command): unknown[] {
  switch (command.kind) {
    case 'create': {
      const { path, priority, queueName, runAfter, takesContext } = command.task;
      const metadata = Object.entries(command.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
      const { argsJson, kwargsJson, backend } = command;
      return ['create', path, priority, queueName, runAfter, takesContext, argsJson, kwargsJson, backend, metadata];
    }
    case 'start':
      return ['start', command.workerId, command.lease, command.force];
    case 'renew':
      return ['renew', command.attempt, command.lease];
    case 'succeed':
      return ['succeed', command.attempt, command.returnValueJson];
    case 'failAttempt':
      return ['failAttempt', command.attempt, command.retry, ...reported(command.error)];
    case 'fail':
      return ['fail', ...(command.error ? reported(command.error) : [])];
    case 'delete':
      return ['delete', command.revision];
  }
}

function reported({ exceptionClassPath, message, traceback }: ReportedError): string[] {
  return [exceptionClassPath, message, traceback];
}
