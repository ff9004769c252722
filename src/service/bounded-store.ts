import type { TaskResultStore } from '../domain/store';
import { within } from './time-bound';

type Asked<Method extends keyof TaskResultStore> = Parameters<TaskResultStore[Method]>;

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

  transact(...asked: Asked<'transact'>): ReturnType<TaskResultStore['transact']> {
    return this.store.transact(...asked);
  }

  read(...asked: Asked<'read'>) {
    return within(this.maxMs, this.store.read(...asked));
  }

  outline(...asked: Asked<'outline'>) {
    return within(this.maxMs, this.store.outline(...asked));
  }

  list(...asked: Asked<'list'>) {
    return within(this.maxMs, this.store.list(...asked));
  }

  changesAfter(...asked: Asked<'changesAfter'>) {
    return within(this.maxMs, this.store.changesAfter(...asked));
  }

  changesWithin(...asked: Asked<'changesWithin'>) {
    return within(this.maxMs, this.store.changesWithin(...asked));
  }

  changeLog(...asked: Asked<'changeLog'>) {
    return within(this.maxMs, this.store.changeLog(...asked));
  }

  trimChanges(...asked: Asked<'trimChanges'>) {
    return within(this.maxMs, this.store.trimChanges(...asked));
  }

  expired(...asked: Asked<'expired'>) {
    return within(this.maxMs, this.store.expired(...asked));
  }

  time(...asked: Asked<'time'>) {
    return within(this.maxMs, this.store.time(...asked));
  }

  ping(...asked: Asked<'ping'>) {
    return within(this.maxMs, this.store.ping(...asked));
  }

  close(): Promise<void> {
    return this.store.close();
  }
}
