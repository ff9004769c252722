import { type Command, type CreateCommand, fingerprint } from './command';
import { doesNotExist, type Reason, TaskResultsError } from './errors';
import { isFinished, type Micros, type ReportedError, type TaskError, type TaskResultStatus } from './task-result';
import { byteLength, cutText } from './text';

/**
 * The part of a result that the rules look at. It has the same size however many attempts there were, so that a write
 * costs the same.
 */
export interface ResultState {
  id: string;
  status: TaskResultStatus;
  revision: number;
  /** Attempts started so far. */
  attempts: number;
  /** Errors kept so far. */
  errorCount: number;
  enqueuedAt: Micros;
  startedAt: Micros | null;
  lastAttemptedAt: Micros | null;
  finishedAt: Micros | null;
  /** Null: the running attempt has no lease. Only while RUNNING. */
  leaseExpiresAt: Micros | null;
  expiresAt: Micros | null;
  /** The newest time given to this result. Each change has a later one than the change before, whatever the clock says. */
  changedAt: Micros;
  /** Fingerprint of the create, to tell the same content from other content. */
  createdBy: string;
  /** Fingerprint of the call that made the present status, to tell its repetition from another call. */
  madeBy: string;
  /** UTF-8 bytes of arguments and return value, for reads bounded in bytes. */
  payloadBytes: number;
  /** UTF-8 bytes of all errors. */
  errorBytes: number;
}

/** What a transition adds to a result's history. */
export interface Additions {
  created?: CreateCommand;
  attempt?: { attempt: number; workerId: string; startedAt: Micros };
  /** Each of the worker of its attempt. */
  errors?: Omit<TaskError, 'workerId'>[];
  returnValueJson?: string;
}

export type Decision =
  | { kind: 'refused'; error: TaskResultsError }
  /** A repetition: nothing to write. `state` is null only for the delete of a result that is gone. */
  | { kind: 'unchanged'; state: ResultState | null }
  | { kind: 'changed'; state: ResultState; additions: Additions }
  | { kind: 'deleted'; revision: number };

/** How long a result is kept once it is finished; null: until it is deleted. */
export interface Retention {
  afterFinish: Micros | null;
}

/** All errors of one result keep about this much text; later tracebacks and messages are cut harder. */
export const ERRORS_BUDGET_BYTES = 1024 * 1024;
const LEAST_MESSAGE_BYTES = 1024;

/** The whole state machine: what `command` makes of `state` at `now`. Pure. */
export function decide(state: ResultState | null, command: Command, now: Micros, retention: Retention): Decision {
  if (command.kind === 'create') return state === null ? create(command, now) : recreate(state, command);
  if (command.kind === 'delete') return remove(state, command);
  if (state === null) return { kind: 'refused', error: doesNotExist(command.id) };

  const at = Math.max(now, state.changedAt + 1);
  switch (command.kind) {
    case 'start':
      return start(state, command, at);
    case 'renew':
      return renew(state, command, at);
    case 'succeed':
    case 'failAttempt':
      return finishAttempt(state, command, at, retention);
    case 'fail':
      return failUnstarted(state, command, at, retention);
  }
}

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

function create(command: CreateCommand, now: Micros): Decision {
  const print = fingerprint(command);
  const state: ResultState = {
    id: command.id,
    status: 'READY',
    revision: 1,
    attempts: 0,
    errorCount: 0,
    enqueuedAt: now,
    startedAt: null,
    lastAttemptedAt: null,
    finishedAt: null,
    leaseExpiresAt: null,
    expiresAt: null,
    changedAt: now,
    createdBy: print,
    madeBy: print,
    payloadBytes: byteLength(command.argsJson) + byteLength(command.kwargsJson),
    errorBytes: 0,
  };
  return { kind: 'changed', state, additions: { created: command } };
}

function recreate(state: ResultState, command: CreateCommand): Decision {
  if (fingerprint(command) === state.createdBy) return { kind: 'unchanged', state };
  return refused('TASK_RESULT_EXISTS', `task result "${state.id}" exists with other content`);
}

function remove(state: ResultState | null, command: Of<'delete'>): Decision {
  if (state === null) {
    return command.allowMissing ? { kind: 'unchanged', state } : { kind: 'refused', error: doesNotExist(command.id) };
  }
  if (command.revision !== null && command.revision !== state.revision) {
    return refused(
      'REVISION_MISMATCH',
      `task result "${state.id}" has revision ${state.revision}, not ${command.revision}`,
    );
  }
  return { kind: 'deleted', revision: state.revision + 1 };
}

function start(state: ResultState, command: Of<'start'>, at: Micros): Decision {
  if (isFinished(state.status)) return illegal(state, 'start an attempt');

  let lost: ReportedError | null = null;
  if (state.status === 'RUNNING') {
    const expired = state.leaseExpiresAt !== null && state.leaseExpiresAt <= at;
    // A lease that has run out ends the attempt even for its own worker: it may have crashed in between.
    if (!expired && state.madeBy === fingerprint(command)) return { kind: 'unchanged', state };
    if (!expired && !command.force) {
      return refused('ATTEMPT_IN_PROGRESS', `attempt ${state.attempts} of task result "${state.id}" is running`);
    }
    lost = lostAttempt(state, expired);
  }

  const attempt = state.attempts + 1;
  const next: ResultState = {
    ...state,
    status: 'RUNNING',
    revision: state.revision + 1,
    attempts: attempt,
    startedAt: state.startedAt ?? at,
    lastAttemptedAt: at,
    leaseExpiresAt: command.lease === null ? null : at + command.lease,
    changedAt: at,
    madeBy: fingerprint(command),
  };
  const additions: Additions = { attempt: { attempt, workerId: command.workerId, startedAt: at } };
  return lost ? withError(next, additions, state, lost, at) : { kind: 'changed', state: next, additions };
}

function lostAttempt(state: ResultState, expired: boolean): ReportedError {
  const how = expired ? 'its lease ran out' : 'another worker took the task over';
  return {
    exceptionClassPath: expired ? 'taskresults.LeaseExpired' : 'taskresults.AttemptReplaced',
    message: `attempt ${state.attempts} was lost: ${how}`,
    traceback: '',
  };
}

/** The lease is no part of the TaskResult, so that the revision stays and no watcher is woken. */
function renew(state: ResultState, command: Of<'renew'>, at: Micros): Decision {
  const refusal = refuseAttempt(state, command.attempt, 'renew the lease of');
  if (refusal) return refusal;
  return { kind: 'changed', state: { ...state, leaseExpiresAt: at + command.lease, changedAt: at }, additions: {} };
}

function finishAttempt(
  state: ResultState,
  command: Of<'succeed'> | Of<'failAttempt'>,
  at: Micros,
  retention: Retention,
): Decision {
  const repeated = command.attempt === state.attempts && state.madeBy === fingerprint(command);
  if (repeated) return { kind: 'unchanged', state };
  const refusal = refuseAttempt(state, command.attempt, 'finish');
  if (refusal) return refusal;

  if (command.kind === 'failAttempt') {
    const next = command.retry ? waiting(state, command, at) : finished(state, 'FAILED', command, at, retention);
    return withError(next, {}, state, command.error, at);
  }
  const next = finished(state, 'SUCCESSFUL', command, at, retention);
  next.payloadBytes += byteLength(command.returnValueJson);
  return { kind: 'changed', state: next, additions: { returnValueJson: command.returnValueJson } };
}

function failUnstarted(state: ResultState, command: Of<'fail'>, at: Micros, retention: Retention): Decision {
  if (state.status === 'FAILED' && state.madeBy === fingerprint(command)) return { kind: 'unchanged', state };
  if (state.status !== 'READY') return illegal(state, 'fail it as never started');
  const next = finished(state, 'FAILED', command, at, retention);
  return command.error
    ? withError(next, {}, state, command.error, at)
    : { kind: 'changed', state: next, additions: {} };
}

function waiting(state: ResultState, command: Command, at: Micros): ResultState {
  const { revision } = state;
  return {
    ...state,
    status: 'READY',
    revision: revision + 1,
    leaseExpiresAt: null,
    changedAt: at,
    madeBy: fingerprint(command),
  };
}

function finished(
  state: ResultState,
  status: 'FAILED' | 'SUCCESSFUL',
  command: Command,
  at: Micros,
  retention: Retention,
): ResultState {
  return {
    ...waiting(state, command, at),
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
): Decision {
  const room = Math.max(0, ERRORS_BUDGET_BYTES - before.errorBytes);
  const message = cutText(reported.message, Math.max(room, LEAST_MESSAGE_BYTES));
  const traceback = cutText(reported.traceback, room);
  const error = {
    exceptionClassPath: reported.exceptionClassPath,
    message,
    traceback,
    attempt: before.attempts,
    raisedAt: at,
  };
  next.errorCount = before.errorCount + 1;
  next.errorBytes =
    before.errorBytes + byteLength(message) + byteLength(traceback) + byteLength(error.exceptionClassPath);
  return { kind: 'changed', state: next, additions: { ...additions, errors: [error] } };
}

/** Only the newest attempt, and only while it is running, may be renewed or finished. */
function refuseAttempt(state: ResultState, attempt: number, what: string): Decision | null {
  if (attempt < state.attempts) {
    return refused(
      'STALE_ATTEMPT',
      `attempt ${attempt} of task result "${state.id}" is over: attempt ${state.attempts} was started since`,
    );
  }
  if (attempt > state.attempts || state.status !== 'RUNNING') return illegal(state, `${what} attempt ${attempt}`);
  return null;
}

function illegal(state: ResultState, what: string): Decision {
  const attempts = `${state.attempts} attempt${state.attempts === 1 ? '' : 's'}`;
  return refused(
    'ILLEGAL_TRANSITION',
    `task result "${state.id}" is ${state.status} after ${attempts}: cannot ${what}`,
  );
}

function refused(reason: Reason, message: string): Decision {
  return { kind: 'refused', error: new TaskResultsError(reason, message) };
}
