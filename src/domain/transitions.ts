import { type Command, type CreateCommand, type Fence, fingerprint, type StartCommand } from './command';
import { doesNotExist, type Reason, TaskResultsError } from './errors';
import { DEFAULT_MAX_ATTEMPTS, ERROR_OVERHEAD } from './limits';
import { PENDING_INCARNATION, type ResultState } from './result-state';
import { isFinished, type Micros, type ReportedError, type TaskError } from './task-result';
import { byteLength } from './text';
import type { Version } from './version';

/** What a transition adds to a result's history. */
export interface Additions {
  created?: CreateCommand;
  attempt?: { attempt: number; workerId: string; requestId: string | null; startedAt: Micros };
  error?: NewError;
  returnValueJson?: string;
}

/** An error that is added to a result. Its worker is that of its attempt. */
export interface NewError extends Omit<TaskError, 'workerId'> {
  /** What the errors before it count, as ResultState.errorBytes does. */
  bytesBefore: number;
}

export type Decision =
  | { kind: 'refused'; error: TaskResultsError }
  /** A repetition: nothing to write. `state` is null only for the delete of a result that is gone. */
  | { kind: 'unchanged'; state: ResultState | null }
  /** With a refusal, the change is made and the call ends with that: it found something else than what it asked for. */
  | { kind: 'changed'; state: ResultState; additions: Additions; refusal?: TaskResultsError }
  /** The version is one beyond the last that anybody can know of this creation. */
  | { kind: 'deleted'; version: Version };

/** How long a result is kept once it is finished; null: until it is deleted. */
export interface Retention {
  afterFinish: Micros | null;
}

/**
 * The whole state machine: what `command` makes of `state` at `now`. Pure. `startedBefore` is the attempt that the
 * request of a start has started already, if any.
 */
export function decide(
  state: ResultState | null,
  command: Command,
  now: Micros,
  retention: Retention,
  startedBefore: number | null = null,
): Decision {
  if (command.kind === 'create') return state === null ? create(command, now) : recreate(state, command);
  if (command.kind === 'delete') return remove(state, command);
  if (state === null) return { kind: 'refused', error: doesNotExist(command.id) };

  // Times within one result never run backwards. The newest may lie ahead, if a clock did: so leases count from now.
  const at = Math.max(now, state.changedAt + 1);
  switch (command.kind) {
    case 'start':
      return start(state, command, startedBefore, now, at, retention);
    case 'renew':
      return renew(state, command, now, at);
    case 'succeed':
    case 'failAttempt':
      return finishAttempt(state, command, at, retention);
    case 'failUnstarted':
      return failUnstarted(state, command, at, retention);
  }
}

type CommandOf<K extends Command['kind']> = Extract<Command, { kind: K }>;

function create(command: CreateCommand, now: Micros): Decision {
  const createFingerprint = fingerprint(command);
  const state: ResultState = {
    id: command.id,
    status: 'READY',
    incarnation: PENDING_INCARNATION,
    revision: 1,
    attempts: 0,
    maxAttempts: command.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    errorCount: 0,
    enqueuedAt: now,
    startedAt: null,
    lastAttemptedAt: null,
    finishedAt: null,
    leaseExpiresAt: null,
    expiresAt: null,
    changedAt: now,
    createFingerprint,
    stateFingerprint: createFingerprint,
    payloadBytes: byteLength(command.argsJson) + byteLength(command.kwargsJson),
    errorBytes: 0,
  };
  return { kind: 'changed', state, additions: { created: command } };
}

function recreate(state: ResultState, command: CreateCommand): Decision {
  if (fingerprint(command) === state.createFingerprint) return { kind: 'unchanged', state };
  return refused('TASK_RESULT_EXISTS', `task result "${state.id}" exists with other content`);
}

function remove(state: ResultState | null, command: CommandOf<'delete'>): Decision {
  if (state === null) {
    return command.allowMissing ? { kind: 'unchanged', state } : { kind: 'refused', error: doesNotExist(command.id) };
  }
  const { incarnation, revision } = state;
  const { version } = command;
  if (version !== null && version.incarnation !== incarnation) {
    return refused('REVISION_MISMATCH', `task result "${state.id}" is another incarnation than the one given`);
  }
  if (version !== null && version.revision !== null && version.revision !== revision) {
    return refused('REVISION_MISMATCH', `task result "${state.id}" has revision ${revision}, not ${version.revision}`);
  }
  return { kind: 'deleted', version: { incarnation, revision: revision + 1 } };
}

function start(
  state: ResultState,
  command: StartCommand,
  startedBefore: number | null,
  now: Micros,
  at: Micros,
  retention: Retention,
): Decision {
  if (startedBefore === state.attempts) return { kind: 'unchanged', state };
  if (startedBefore !== null) return stale(state, startedBefore);
  if (isFinished(state.status)) return illegal(state, 'start an attempt');

  let lost: ReportedError | null = null;
  if (state.status === 'RUNNING') {
    const expired = state.leaseExpiresAt !== null && state.leaseExpiresAt <= now;
    if (!expired && !command.force) {
      return refused('ATTEMPT_IN_PROGRESS', `attempt ${state.attempts} of task result "${state.id}" is running`);
    }
    lost = lostAttempt(state, expired);
    if (isLastAttempt(state)) return loseLastAttempt(state, lost, at, retention);
  }

  const attempt = state.attempts + 1;
  const next: ResultState = {
    ...state,
    status: 'RUNNING',
    revision: state.revision + 1,
    attempts: attempt,
    startedAt: state.startedAt ?? at,
    lastAttemptedAt: at,
    leaseExpiresAt: command.lease === null ? null : now + command.lease,
    changedAt: at,
  };
  const { workerId, requestId } = command;
  const additions: Additions = { attempt: { attempt, workerId, requestId, startedAt: at } };
  return lost ? withError(next, additions, state, lost, at) : { kind: 'changed', state: next, additions };
}

/** Its loss is the end, and the start that found it lost is refused like every later one. */
function loseLastAttempt(state: ResultState, lost: ReportedError, at: Micros, retention: Retention): Decision {
  const next = finished(state, 'FAILED', at, retention);
  return { ...withError(next, {}, state, lost, at), refusal: illegalTransition(next, 'start an attempt') };
}

function isLastAttempt({ attempts, maxAttempts }: ResultState): boolean {
  return attempts >= maxAttempts;
}

function lostAttempt(state: ResultState, expired: boolean): ReportedError {
  const how = expired ? 'its lease ran out' : 'another worker took the task over';
  const end = isLastAttempt(state) ? `; it was the last of ${state.maxAttempts}` : '';
  return {
    exceptionClassPath: expired ? 'taskresults.LeaseExpired' : 'taskresults.AttemptReplaced',
    message: `attempt ${state.attempts} was lost: ${how}${end}`,
    traceback: '',
  };
}

/** The lease is no part of the TaskResult, so that the revision stays and no watcher is woken. */
function renew(state: ResultState, command: CommandOf<'renew'>, now: Micros, at: Micros): Decision {
  const refusal = refuseAttempt(state, command, 'renew the lease of');
  if (refusal) return refusal;
  return { kind: 'changed', state: { ...state, leaseExpiresAt: now + command.lease, changedAt: at }, additions: {} };
}

function finishAttempt(
  state: ResultState,
  command: CommandOf<'succeed'> | CommandOf<'failAttempt'>,
  at: Micros,
  retention: Retention,
): Decision {
  const repeated =
    isOfIncarnation(state, command) &&
    command.attempt === state.attempts &&
    state.stateFingerprint === fingerprint(command);
  if (repeated) return { kind: 'unchanged', state };
  const refusal = refuseAttempt(state, command, 'finish');
  if (refusal) return refusal;

  if (command.kind === 'failAttempt') {
    const isRetried = command.retry && !isLastAttempt(state);
    const next = isRetried ? waiting(state, at) : finished(state, 'FAILED', at, retention);
    next.stateFingerprint = fingerprint(command);
    return withError(next, {}, state, command.error, at);
  }
  const next = finished(state, 'SUCCESSFUL', at, retention);
  next.stateFingerprint = fingerprint(command);
  next.payloadBytes += byteLength(command.returnValueJson);
  return { kind: 'changed', state: next, additions: { returnValueJson: command.returnValueJson } };
}

function failUnstarted(
  state: ResultState,
  command: CommandOf<'failUnstarted'>,
  at: Micros,
  retention: Retention,
): Decision {
  if (state.status === 'FAILED' && state.stateFingerprint === fingerprint(command)) return { kind: 'unchanged', state };
  if (state.status !== 'READY') return illegal(state, 'fail it as never started');
  const next = finished(state, 'FAILED', at, retention);
  next.stateFingerprint = fingerprint(command);
  return command.error
    ? withError(next, {}, state, command.error, at)
    : { kind: 'changed', state: next, additions: {} };
}

function waiting(state: ResultState, at: Micros): ResultState {
  return { ...state, status: 'READY', revision: state.revision + 1, leaseExpiresAt: null, changedAt: at };
}

function finished(state: ResultState, status: 'FAILED' | 'SUCCESSFUL', at: Micros, retention: Retention): ResultState {
  return {
    ...waiting(state, at),
    status,
    finishedAt: at,
    expiresAt: retention.afterFinish === null ? null : at + retention.afterFinish,
  };
}

/** Adds the error of the newest attempt of `before` (attempt 0 when there was none). */
function withError(
  next: ResultState,
  additions: Additions,
  before: ResultState,
  reported: ReportedError,
  at: Micros,
): Decision & { kind: 'changed' } {
  const { exceptionClassPath, message, traceback } = reported;
  const error = {
    exceptionClassPath,
    message,
    traceback,
    attempt: before.attempts,
    raisedAt: at,
    bytesBefore: before.errorBytes,
  };
  const texts = byteLength(exceptionClassPath) + byteLength(message) + byteLength(traceback);
  next.errorCount = before.errorCount + 1;
  next.errorBytes = before.errorBytes + texts + ERROR_OVERHEAD;
  return { kind: 'changed', state: next, additions: { ...additions, error } };
}

/** Only the newest attempt of the present incarnation, and only while it is running, may be renewed or finished. */
function refuseAttempt(state: ResultState, fence: Fence, what: string): Decision | null {
  const { attempt } = fence;
  if (!isOfIncarnation(state, fence)) {
    const since = 'the result was deleted and created anew since';
    return refused('STALE_ATTEMPT', `attempt ${attempt} of task result "${state.id}" is over: ${since}`);
  }
  if (attempt < state.attempts) return stale(state, attempt);
  if (attempt > state.attempts || state.status !== 'RUNNING') return illegal(state, `${what} attempt ${attempt}`);
  return null;
}

function isOfIncarnation(state: ResultState, { incarnation }: Fence): boolean {
  return incarnation === null || incarnation === state.incarnation;
}

function stale(state: ResultState, attempt: number): Decision {
  return refused(
    'STALE_ATTEMPT',
    `attempt ${attempt} of task result "${state.id}" is over: attempt ${state.attempts} was started since`,
  );
}

function illegal(state: ResultState, what: string): Decision {
  return { kind: 'refused', error: illegalTransition(state, what) };
}

function illegalTransition(state: ResultState, what: string): TaskResultsError {
  const attempts = `${state.attempts} attempt${state.attempts === 1 ? '' : 's'}`;
  return new TaskResultsError(
    'ILLEGAL_TRANSITION',
    `task result "${state.id}" is ${state.status} after ${attempts}: cannot ${what}`,
  );
}

function refused(reason: Reason, message: string): Decision {
  return { kind: 'refused', error: new TaskResultsError(reason, message) };
}
