import type { Command, CreateCommand, DeletedVersion, StartCommand } from '../../src/domain/command';
import type { Filter } from '../../src/domain/filter';
import type { Micros, ReportedError } from '../../src/domain/task-result';

/** Commands of the domain in few words. What a test does not say is filled in. */

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

export const ANY_TASK = {
  path: 'app.tasks.send_mail',
  priority: 0,
  queueName: 'default',
  runAfter: null,
  takesContext: false,
};

export function create(id: string, given: Partial<Omit<CreateCommand, 'kind' | 'id'>> = {}): CreateCommand {
  return {
    kind: 'create',
    id,
    task: ANY_TASK,
    argsJson: '[]',
    kwargsJson: '{}',
    backend: 'default',
    metadata: {},
    maxAttempts: null,
    ...given,
  };
}

export function start(
  id: string,
  workerId = 'w1',
  given: { lease?: Micros; force?: boolean; requestId?: string } = {},
): StartCommand {
  const { lease = null, force = false, requestId = null } = given;
  return { kind: 'start', id, workerId, lease, force, requestId };
}

export function renew(id: string, attempt: number, lease: Micros, incarnation: number | null = null): Of<'renew'> {
  return { kind: 'renew', id, incarnation, attempt, lease };
}

export function succeed(
  id: string,
  attempt = 1,
  returnValueJson = 'null',
  incarnation: number | null = null,
): Of<'succeed'> {
  return { kind: 'succeed', id, incarnation, attempt, returnValueJson };
}

export function failAttempt(
  id: string,
  attempt = 1,
  given: { retry?: boolean; error?: ReportedError; incarnation?: number } = {},
): Of<'failAttempt'> {
  const { error = reported(), retry = false, incarnation = null } = given;
  return { kind: 'failAttempt', id, incarnation, attempt, error, retry };
}

export function fail(id: string, error: ReportedError | null = null): Of<'failUnstarted'> {
  return { kind: 'failUnstarted', id, error };
}

export function remove(id: string, given: { version?: DeletedVersion; allowMissing?: boolean } = {}): Of<'delete'> {
  return { kind: 'delete', id, version: given.version ?? null, allowMissing: given.allowMissing ?? false };
}

export function reported(message = 'it broke', traceback = 'line 1\nline 2'): ReportedError {
  return { exceptionClassPath: 'builtins.ValueError', message, traceback };
}

export function filter(given: Partial<Filter> = {}): Filter {
  return {
    statuses: [],
    taskPath: null,
    queueName: null,
    backend: null,
    workerId: null,
    enqueued: null,
    finished: null,
    metadata: {},
    ...given,
  };
}
