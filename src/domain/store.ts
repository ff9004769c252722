import type { Command } from './command';
import type { Filter } from './filter';
import type { Micros, TaskResult, TaskResultStatus, View } from './task-result';
import type { Decision } from './transitions';
import type { Version } from './version';

/** The commands of one transaction. More would pass the limits of a statement on some engine. */
export const MAX_COMMANDS = 256;

/** What became of a command that was given to a store. */
export type Outcome =
  | Decision
  /** Another transaction holds the row of this id. Nothing was done: try again later. */
  | { kind: 'locked' }
  /** Nobody waited for it any more. Nothing was done. */
  | { kind: 'dropped' };

/** Where results are kept. Every method rejects with STORE_UNAVAILABLE when the store is out of reach. */
export interface TaskResultStore {
  /**
   * Takes all commands, up to MAX_COMMANDS, in one transaction, in their order, and returns one outcome for each, in
   * the same order. A refused command fails alone, and a row that is locked elsewhere holds up the commands of its id
   * alone. `isGone` is asked before each try whether nobody waits any more for the command at this place, which is
   * dropped then. Once true it must stay so. No id may be created, deleted and created again: the two would have
   * the same incarnation. When the promise resolves, every change is durable, together with one entry in the change log
   * for each result whose version changed; when it rejects, the caller must not assume either way.
   *
   * A result that is created gets a higher incarnation than any that had its id before.
   *
   * Safe against other processes on the same store: what a decision was based on is locked, or found unchanged, when it
   * is committed.
   */
  transact(commands: readonly Command[], isGone?: (place: number) => boolean): Promise<Outcome[]>;

  /**
   * The results with these ids, in any order, with no more than `view` shows; ids that no result has are left out, and
   * so are results whose `errorBytes`, in the view FULL together with `payloadBytes`, are more than `maxBytes`.
   */
  read(ids: readonly string[], view: View, maxBytes?: number): Promise<TaskResult[]>;

  /** The outlines of these results, in any order; ids that no result has are left out. */
  outline(ids: readonly string[]): Promise<Outline[]>;

  /**
   * Results that match, at most `limit`, newest enqueued first and those of one microsecond by id descending. They
   * begin after the position `after`; null: with the first.
   */
  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]>;

  /** Entries of the change log with a `seq` above `cursor`, in the order of `seq`, at most `limit`. */
  changesAfter(cursor: number, limit: number): Promise<Change[]>;

  /** Entries of the change log within `ranges`, in the order of `seq`. */
  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]>;

  /** What is visible of the change log. */
  changeLog(): Promise<ChangeLog>;

  /**
   * Removes entries of the change log that are older than `age`, up to `limit` numbers of them, and returns whether
   * there are more. The newest entry stays. Times are those of the store, so that no replica's clock matters.
   */
  trimChanges(age: Micros, limit: number): Promise<boolean>;

  /** Results whose `expiresAt` has come at `now`, in any order, at most `limit`. */
  expired(now: Micros, limit: number): Promise<Outline[]>;

  /** The store's own time, which all who use it share; null: it has none but that of this process. */
  time(): Promise<Micros | null>;

  /** Resolves when the store answers. */
  ping(): Promise<void>;

  close(): Promise<void>;
}

/** A place in the order of `list`. */
export interface Position {
  enqueuedAt: Micros;
  id: string;
}

/**
 * A result without its content: enough to order it, to see whether it changed, and to know what reading it will cost.
 */
export interface Outline extends Position, Version {
  status: TaskResultStatus;
  /** UTF-8 bytes of arguments and return value, which the view BASIC leaves out. */
  payloadBytes: number;
  /** As in ResultState. */
  errorBytes: number;
}

/** One change of one result. It is a hint to read the result, which holds the truth. */
export interface Change extends Version {
  seq: number;
  taskId: string;
}

/** How far the change log reaches. */
export interface ChangeLog {
  /** The smallest `seq`; 0 when the log is empty. */
  oldest: number;
  /** The largest `seq`; 0 when the log is empty. */
  newest: number;
  /**
   * By how much each `seq` that one database server gives is larger than the one before: more than 1 in a group of
   * them.
   */
  step: number;
}

/** Sequence numbers from `first` to `last`, both included. */
export interface SeqRange {
  first: number;
  last: number;
}
