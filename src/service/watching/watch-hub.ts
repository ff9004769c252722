import { shuttingDown, TaskResultsError } from '../../domain/errors';
import type { Filter } from '../../domain/filter';
import type { Outline, Position, TaskResultStore } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isNewer, isSameVersion, NO_VERSION, UNKNOWN_VERSION, type Version } from '../../domain/version';
import type { ResultReader } from '../reading/result-reader';
import { ChangeFeed, type FeedOptions } from './change-feed';

/** Ids of one query of the safety net. */
const REREAD_IDS = 1_000;

/** Somebody who follows results. */
export interface Watcher {
  /** The newest version it has taken note of. */
  known(id: string): Version;
  /** This version is there, or was and there is a newer one. Must return at once. */
  wake(id: string, version: Version): void;
  /** Something may have been missed. Only for those who follow everything: others are woken for each id. */
  recheck?(): void;
  /** The server is stopping. */
  shutDown(): void;
}

export interface HubOptions extends FeedOptions {
  /** Unfinished watched results are read again this often, whatever the change log says. */
  rereadMs: number;
  mostWatches: number;
  mostWatchedIds: number;
}

/**
 * Knows who watches what, and wakes them: at once for writes of this process, from the change log for those of others,
 * and every so often by reading again, so that a lost hint costs lateness and not truth. What is true is read by the
 * watchers, all through the same joined readers.
 */
export class WatchHub {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #watches = new Set<Watcher>();
  /** Those of the watches that follow everything. */
  readonly #followingAll = new Set<Watcher>();
  readonly #feed: ChangeFeed;
  #watchedIds = 0;
  #rereading: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(
    private readonly store: TaskResultStore,
    private readonly reader: ResultReader,
    private readonly options: HubOptions,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#feed = new ChangeFeed(store, options, {
      changed: (id, version) => this.changed(id, version),
      upToDate: () => reader.confirm(),
      missed: () => {
        reader.forgetAll();
        this.#rereadAll();
      },
      failed: (error) => {
        // Until the log can be read again, nobody knows what is deleted elsewhere.
        reader.forgetAll();
        onError(error);
      },
    });
  }

  async start(): Promise<void> {
    await this.#feed.start();
    this.#rereading = setInterval(() => this.#rereadAll(), this.options.rereadMs);
  }

  /** Ends all watches; resolves when nothing of the hub is running any more. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const watch of this.#watches) watch.shutDown();
    if (this.#rereading) clearInterval(this.#rereading);
    await this.#feed.stop();
  }

  /** A result has this version now, or had it and has a newer one. */
  changed(id: string, version: Version): void {
    this.reader.forget(id, version);
    for (const watchers of [this.#watchers.get(id) ?? [], this.#followingAll]) {
      for (const watcher of watchers) if (isNewer(version, watcher.known(id))) watcher.wake(id, version);
    }
  }

  /**
   * From now on the watcher is woken for these ids. It must read them after this, so that nothing falls between. Throws
   * LIMIT_REACHED or SHUTTING_DOWN.
   */
  enter(watcher: Watcher, ids: readonly string[]): void {
    const { mostWatchedIds } = this.options;
    if (this.#watchedIds + ids.length > mostWatchedIds) {
      throw new TaskResultsError('LIMIT_REACHED', `this server would watch more than ${mostWatchedIds} ids, its limit`);
    }
    this.#admit(watcher);
    for (const id of ids) this.#follow(watcher, id);
  }

  /** The same for every change of any result. */
  enterAll(watcher: Watcher): void {
    this.#admit(watcher);
    this.#followingAll.add(watcher);
  }

  /** The watcher no longer follows this id. */
  forget(watcher: Watcher, id: string): void {
    const watchers = this.#watchers.get(id);
    if (!watchers?.delete(watcher)) return;
    this.#watchedIds--;
    if (watchers.size === 0) this.#watchers.delete(id);
  }

  /** No more wake-ups; `ids` are those it still followed. */
  leave(watcher: Watcher, ids: Iterable<string>): void {
    for (const id of ids) this.forget(watcher, id);
    this.#followingAll.delete(watcher);
    this.#watches.delete(watcher);
    this.#feed.wanted = this.#watches.size > 0;
  }

  /** The result as it is now. All who ask in one turn get the same object. */
  read(id: string, view: View): Promise<TaskResult | null> {
    return this.reader.read(id, view);
  }

  outline(id: string): Promise<Outline | null> {
    return this.reader.outline(id);
  }

  /** See TaskResultStore.list. */
  list(filter: Filter, after: Position | null, limit: number): Promise<Outline[]> {
    return this.store.list(filter, after, limit);
  }

  #admit(watcher: Watcher): void {
    if (this.#closing) throw shuttingDown();
    const { mostWatches } = this.options;
    if (this.#watches.size >= mostWatches) {
      throw new TaskResultsError('LIMIT_REACHED', `this server has ${mostWatches} watches open, its limit`);
    }
    this.#watches.add(watcher);
    this.#feed.wanted = true;
  }

  #follow(watcher: Watcher, id: string): void {
    const watchers = this.#watchers.get(id);
    if (watchers) watchers.add(watcher);
    else this.#watchers.set(id, new Set([watcher]));
    this.#watchedIds++;
  }

  #rereadAll(): void {
    this.#reread().catch(this.onError);
  }

  async #reread(): Promise<void> {
    for (const watcher of this.#followingAll) watcher.recheck?.();
    const ids = [...this.#watchers.keys()];
    for (let i = 0; i < ids.length; i += REREAD_IDS) {
      const some = ids.slice(i, i + REREAD_IDS);
      const outlines = new Map((await this.store.outline(some)).map((outline) => [outline.id, outline]));
      for (const id of some) {
        const present = outlines.get(id) ?? NO_VERSION;
        for (const watcher of this.#watchers.get(id) ?? []) {
          if (!isSameVersion(watcher.known(id), present)) watcher.wake(id, UNKNOWN_VERSION);
        }
      }
    }
  }
}
