import type { Command } from '../domain/command';
import type { Filter } from '../domain/filter';
import type { Change, ChangeLog, Outline, Position, SeqRange, TaskResultStore } from '../domain/store';
import type { Micros, TaskResult, View } from '../domain/task-result';
import type { Decision } from '../domain/transitions';
import { within } from './time-bound';

/**
 * A store whose questions have an end: what is not answered within `maxMs` milliseconds is rejected with
 * STORE_UNAVAILABLE, though the database may never answer. An answer that comes later reaches nobody. Only `transact`
 * and `close` take as long as they take: the one since its outcome must be known, the other since it is no question.
 */
export class BoundedStore implements TaskResultStore {
  constructor(
    private readonly store: TaskResultStore,
    private readonly maxMs: number,
  ) {}

  transact(commands: readonly Command[]): Promise<Decision[]> {
    return this.store.transact(commands);
  }

  read(ids: readonly string[], view: View, maxBytes?: number): Promise<TaskResult[]> {
    return within(this.maxMs, this.store.read(ids, view, maxBytes));
  }

  outline(ids: readonly string[]): Promise<Outline[]> {
    return within(this.maxMs, this.store.outline(ids));
  }

  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return within(this.maxMs, this.store.list(filter, after, limit));
  }

  changesAfter(cursor: number, limit: number): Promise<Change[]> {
    return within(this.maxMs, this.store.changesAfter(cursor, limit));
  }

  changesWithin(ranges: readonly SeqRange[]): Promise<Change[]> {
    return within(this.maxMs, this.store.changesWithin(ranges));
  }

  changeLog(): Promise<ChangeLog> {
    return within(this.maxMs, this.store.changeLog());
  }

  trimChanges(age: Micros, limit: number): Promise<boolean> {
    return within(this.maxMs, this.store.trimChanges(age, limit));
  }

  expired(now: Micros, limit: number): Promise<Outline[]> {
    return within(this.maxMs, this.store.expired(now, limit));
  }

  ping(): Promise<void> {
    return within(this.maxMs, this.store.ping());
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
