import type { Command, CreateCommand } from '../domain/command';
import { MAX_ERRORS_SIZE } from '../domain/limits';
import { PENDING_INCARNATION, type ResultState } from '../domain/result-state';
import type { Micros } from '../domain/task-result';
import { type Decision, decide, type Retention } from '../domain/transitions';
import { type Version, versionOf } from '../domain/version';
import type { AttemptRow, ChangeRow, ErrorRow, MetadataRow, ResultRow, ReturnValueRow } from './rows';
import type { StartedAttempts } from './started-attempts';

/** What one result was before a batch of commands, and what it has become. */
interface Entry {
  /** The row in the table; null: there is none. */
  stored: ResultState | null;
  /** The stored row is deleted. */
  deleted: boolean;
  /** A new row is inserted; null: none. */
  created: CreateCommand | null;
  /** What the result has become; null: there is none. */
  state: ResultState | null;
  /** The return value, if the batch finishes the result with one. */
  returnValueJson: string | null;
  attempts: AttemptRow[];
  errors: ErrorRow[];
  /** The newest version, for the change log; null: it is the one from before. */
  changed: Version | null;
  /** A row is to be written. */
  touched: boolean;
}

/** A stored row that gets new values. */
export interface Update {
  before: ResultState;
  after: ResultState;
}

/** Errors of a result that are dropped: those that begin before this place, counted as ErrorRow.bytesBefore is. */
export interface DroppedErrors {
  taskId: string;
  before: number;
}

/** A change without its place in the log. */
export type NewChange = Omit<ChangeRow, 'seq'>;

/** Rows to write, by kind of statement. */
export interface Writes {
  deletes: ResultState[];
  inserts: ResultRow[];
  updates: Update[];
  attempts: AttemptRow[];
  errors: ErrorRow[];
  droppedErrors: DroppedErrors[];
  returnValues: ReturnValueRow[];
  metadata: MetadataRow[];
  changes: NewChange[];
}

/**
 * Applies commands to states, one after the other, so that each result is written once however many commands it gets.
 */
export class Batch {
  readonly #entries = new Map<string, Entry>();
  /** Ids that were created. */
  readonly #created = new Set<string>();
  /** What gets its incarnation when the transaction has its number. */
  readonly #pending: { incarnation: number }[] = [];

  constructor(
    stored: Iterable<ResultState>,
    private readonly started: StartedAttempts,
    readonly now: Micros,
    readonly retention: Retention,
  ) {
    for (const state of stored) this.#entries.set(state.id, { ...blank(), stored: state, state });
  }

  /** Decides on the next command. */
  take(command: Command): Decision {
    const entry = this.#entry(command.id);
    const startedBefore = command.kind === 'start' ? this.started.get(command.id, command.requestId) : null;
    const decision = decide(entry.state, command, this.now, this.retention, startedBefore);
    if (decision.kind === 'changed') {
      const { state, additions } = decision;
      if (entry.state?.revision !== state.revision) entry.changed = this.#withIncarnation(versionOf(state));
      entry.state = this.#withIncarnation(state);
      entry.touched = true;
      if (additions.created) entry.created = this.#createdOnce(additions.created);
      if (additions.returnValueJson !== undefined) entry.returnValueJson = additions.returnValueJson;
      if (additions.attempt) {
        const row = { taskId: state.id, ...additions.attempt };
        entry.attempts.push(row);
        this.started.add(row);
      }
      if (additions.error) entry.errors.push({ taskId: state.id, ordinal: state.errorCount, ...additions.error });
    } else if (decision.kind === 'deleted') {
      const { stored } = entry;
      const changed = this.#withIncarnation(decision.version);
      this.started.forget(command.id);
      this.#entries.set(command.id, { ...blank(), stored, deleted: stored !== null, changed });
    }
    return decision;
  }

  /** Gives everything that was created its incarnation, also in the decisions that `take` has returned. */
  setIncarnation(incarnation: number): void {
    for (const item of this.#pending) item.incarnation = incarnation;
    this.#pending.length = 0;
  }

  /** What each result has become; null: it is gone, or never was. */
  *outcomes(): Iterable<[id: string, state: ResultState | null]> {
    for (const [id, { state }] of this.#entries) yield [id, state];
  }

  /** What all commands together have changed. */
  writes(): Writes {
    const writes: Writes = {
      deletes: [],
      inserts: [],
      updates: [],
      attempts: [],
      errors: [],
      droppedErrors: [],
      returnValues: [],
      metadata: [],
      changes: [],
    };
    for (const [id, entry] of this.#entries) {
      const { stored, state, created, returnValueJson } = entry;
      if (entry.deleted && stored) writes.deletes.push(stored);
      if (entry.changed) writes.changes.push({ taskId: id, ...entry.changed, insertedAt: this.now });
      if (state === null || !entry.touched) continue;
      if (created) {
        writes.inserts.push(newRow(state, created));
        for (const [name, value] of Object.entries(created.metadata)) writes.metadata.push({ taskId: id, name, value });
      } else if (stored) {
        writes.updates.push({ before: stored, after: state });
      }
      writes.attempts.push(...entry.attempts);
      writes.errors.push(...entry.errors);
      writes.droppedErrors.push(...droppedErrors(state, entry.errors));
      if (returnValueJson !== null) writes.returnValues.push({ taskId: id, returnValueJson });
    }
    return writes;
  }

  /** Has `setIncarnation` reach `item` if that has no incarnation yet. */
  #withIncarnation<T extends { incarnation: number }>(item: T): T {
    if (item.incarnation === PENDING_INCARNATION) this.#pending.push(item);
    return item;
  }

  /** See TaskResultStore.transact: two of one batch would be the same incarnation. */
  #createdOnce(created: CreateCommand): CreateCommand {
    if (this.#created.has(created.id)) throw new Error('a batch creates a result twice');
    this.#created.add(created.id);
    return created;
  }

  #entry(id: string): Entry {
    let entry = this.#entries.get(id);
    if (!entry) {
      entry = blank();
      this.#entries.set(id, entry);
    }
    return entry;
  }
}

/** What the result can no longer hold now that these errors are added: its oldest, but never the newest. */
function droppedErrors({ id, errorBytes }: ResultState, added: readonly ErrorRow[]): DroppedErrors[] {
  const newest = added.at(-1);
  if (!newest || errorBytes <= MAX_ERRORS_SIZE) return [];
  return [{ taskId: id, before: Math.min(errorBytes - MAX_ERRORS_SIZE, newest.bytesBefore) }];
}

function blank(): Entry {
  return {
    stored: null,
    deleted: false,
    created: null,
    state: null,
    returnValueJson: null,
    attempts: [],
    errors: [],
    changed: null,
    touched: false,
  };
}

/** Spelled out: spreading a state into so wide a row took 6 % of the time of a create. */
function newRow(state: ResultState, created: CreateCommand): ResultRow {
  const { task, argsJson, kwargsJson, backend, metadata } = created;
  return {
    id: state.id,
    status: state.status,
    incarnation: state.incarnation,
    revision: state.revision,
    attempts: state.attempts,
    maxAttempts: state.maxAttempts,
    errorCount: state.errorCount,
    enqueuedAt: state.enqueuedAt,
    startedAt: state.startedAt,
    lastAttemptedAt: state.lastAttemptedAt,
    finishedAt: state.finishedAt,
    leaseExpiresAt: state.leaseExpiresAt,
    expiresAt: state.expiresAt,
    changedAt: state.changedAt,
    createFingerprint: state.createFingerprint,
    stateFingerprint: state.stateFingerprint,
    payloadBytes: state.payloadBytes,
    errorBytes: state.errorBytes,
    taskPath: task.path,
    priority: task.priority,
    queueName: task.queueName,
    runAfter: task.runAfter,
    takesContext: task.takesContext,
    backend,
    metadataCount: Object.keys(metadata).length,
    argsJson,
    kwargsJson,
  };
}
