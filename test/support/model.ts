import { isDeepStrictEqual } from 'node:util';

/**
 * What the contract says about one result, as short as possible and independent of the service, for tests that compare
 * the two. Times are in seconds and coarse.
 */
export interface Modelled {
  /** How many results had this id before. */
  creation: number;
  status: 'READY' | 'RUNNING' | 'FAILED' | 'SUCCESSFUL';
  revision: number;
  workers: string[];
  errors: { attempt: number; worker: string; what: string }[];
  value: string | null;
  content: string;
  /** Null: more than a test makes. */
  maxAttempts: number | null;
  /** When the running attempt's lease ends; null: never. */
  leaseEnd: number | null;
  /** The call that made the present state. */
  stateFingerprint: Step | null;
  /** Attempts by the requests that started them. */
  requests: Record<string, number>;
  /** The latest time given to it. */
  changedAt: number;
}

export type Step =
  | { call: 'create'; content: string; maxAttempts: number | null }
  | { call: 'start'; worker: string; lease: number | null; force: boolean; request: string | null }
  | { call: 'renew'; creation: number | null; attempt: number; lease: number }
  | { call: 'succeed'; creation: number | null; attempt: number; value: string }
  | { call: 'failAttempt'; creation: number | null; attempt: number; retry: boolean; message: string }
  | { call: 'fail'; message: string | null }
  | { call: 'delete'; creation: number | null; revision: number | null; allowMissing: boolean };

/**
 * Steps whose creation, attempt and revision are relative to what the result has, so that most of them hit. A creation
 * of null: whichever has the id.
 */
export type Move =
  | { id: string; step: Step }
  /** The last call for this id once more. */
  | { id: string; again: true }
  /** The clock is moved by this many seconds. */
  | { clock: number };

/** A move as it was made, and what should have come of it. */
export interface Taken {
  id: string;
  step: Step;
  before: Modelled | null;
  answer: string;
  after: Modelled | null;
}

/** Any number of results, and a clock, by the model. */
export class ModelRun {
  readonly #results = new Map<string, Modelled | null>();
  readonly #last = new Map<string, Step>();
  readonly #creations = new Map<string, number>();
  #clock = 0;

  /** Null for a move that calls nothing. */
  take(move: Move): Taken | null {
    if ('clock' in move) {
      this.#clock += move.clock;
      return null;
    }
    const before = this.#results.get(move.id) ?? null;
    const step = 'step' in move ? absolute(move.step, before) : this.#last.get(move.id);
    if (!step) return null;
    this.#last.set(move.id, step);
    const creations = this.#creations.get(move.id) ?? 0;
    const { answer, result } = expectedOf(before, step, this.#clock, creations);
    this.#results.set(move.id, result);
    if (before === null && result !== null) this.#creations.set(move.id, creations + 1);
    return { id: move.id, step, before, answer, after: result };
  }
}

function absolute(step: Step, result: Modelled | null): Step {
  if (!('creation' in step)) return step;
  const creation = step.creation === null || result === null ? null : Math.max(0, result.creation + step.creation);
  if ('attempt' in step) {
    return { ...step, creation, attempt: Math.max(1, (result?.workers.length ?? 1) + step.attempt) };
  }
  // A revision says something only of a known creation.
  if (creation === null) return { ...step, creation, revision: null };
  if (step.revision === null) return { ...step, creation };
  return { ...step, creation, revision: Math.max(1, (result?.revision ?? 1) + step.revision) };
}

/** `OK`, or the reason of a refusal; and what the result is after it. */
interface Expected {
  answer: string;
  result: Modelled | null;
}

function expectedOf(result: Modelled | null, step: Step, clock: number, creations: number): Expected {
  const refused = (answer: string): Expected => ({ answer, result });
  const same: Expected = { answer: 'OK', result };
  if (result === null) {
    if (step.call === 'create') return { answer: 'OK', result: born(step, clock, creations) };
    return step.call === 'delete' && step.allowMissing ? same : refused('TASK_RESULT_DOES_NOT_EXIST');
  }
  const now = Math.max(clock, result.changedAt);
  const attempts = result.workers.length;
  const isLast = attempts === result.maxAttempts;
  const former = 'creation' in step && step.creation !== null && step.creation !== result.creation;
  const repeated =
    !former && isDeepStrictEqual({ ...step, creation: null }, { ...result.stateFingerprint, creation: null });
  const finished = result.status === 'FAILED' || result.status === 'SUCCESSFUL';
  const moved = (change: Partial<Modelled>): Expected => ({
    answer: 'OK',
    result: {
      ...result,
      revision: result.revision + 1,
      leaseEnd: null,
      stateFingerprint: step,
      changedAt: now,
      ...change,
    },
  });
  const withError = (what: string) => [
    ...result.errors,
    { attempt: attempts, worker: result.workers.at(-1) ?? '', what },
  ];

  switch (step.call) {
    case 'create':
      return step.content === result.content && step.maxAttempts === result.maxAttempts
        ? same
        : refused('TASK_RESULT_EXISTS');
    case 'delete':
      if (former || (step.revision !== null && step.revision !== result.revision)) return refused('REVISION_MISMATCH');
      return { answer: 'OK', result: null };
    case 'start': {
      const before = step.request === null ? undefined : result.requests[step.request];
      if (before !== undefined) return before === attempts ? same : refused('STALE_ATTEMPT');
      if (finished) return refused('ILLEGAL_TRANSITION');
      const running = result.status === 'RUNNING';
      const expired = running && result.leaseEnd !== null && result.leaseEnd <= clock;
      if (running && !expired && !step.force) return refused('ATTEMPT_IN_PROGRESS');
      const lost = withError(expired ? 'taskresults.LeaseExpired' : 'taskresults.AttemptReplaced');
      if (running && isLast) return { ...moved({ status: 'FAILED', errors: lost }), answer: 'ILLEGAL_TRANSITION' };
      return moved({
        status: 'RUNNING',
        workers: [...result.workers, step.worker],
        requests: { ...result.requests, ...(step.request !== null && { [step.request]: attempts + 1 }) },
        leaseEnd: step.lease === null ? null : clock + step.lease,
        ...(running && { errors: lost }),
      });
    }
    case 'fail':
      if (repeated && finished) return same;
      if (result.status !== 'READY') return refused('ILLEGAL_TRANSITION');
      return moved({ status: 'FAILED', ...(step.message !== null && { errors: withError(step.message) }) });
    default:
      if (repeated) return same;
      if (former) return refused('STALE_ATTEMPT');
      if (step.attempt < attempts) return refused('STALE_ATTEMPT');
      if (step.attempt > attempts || result.status !== 'RUNNING') return refused('ILLEGAL_TRANSITION');
      if (step.call === 'renew')
        return { answer: 'OK', result: { ...result, leaseEnd: clock + step.lease, changedAt: now } };
      if (step.call === 'succeed') return moved({ status: 'SUCCESSFUL', value: step.value });
      return moved({ status: step.retry && !isLast ? 'READY' : 'FAILED', errors: withError(step.message) });
  }
}

function born({ content, maxAttempts }: Step & { call: 'create' }, now: number, creation: number): Modelled {
  return {
    creation,
    status: 'READY',
    revision: 1,
    workers: [],
    errors: [],
    value: null,
    content,
    maxAttempts,
    leaseEnd: null,
    stateFingerprint: null,
    requests: {},
    changedAt: now,
  };
}
