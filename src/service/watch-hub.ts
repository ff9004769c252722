import { shuttingDown, TaskResultsError } from '../domain/errors';
import type { Outline, TaskResultStore } from '../domain/store';
import type { TaskResult, View } from '../domain/task-result';
import { ChangeFeed, type FeedOptions } from './change-feed';
import { JoinedReader } from './joined-reader';

/** Ids of one query of the safety net. */
const REREAD_IDS = 1_000;

/** Somebody who follows results by id. */
export interface Watcher {
  /** What it follows now. */
  ids(): Iterable<string>;
  /** The newest revision it has taken note of; 0: none. */
  known(id: string): number;
  /** There may be something newer. Must return at once. */
  wake(id: string): void;
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
 * Knows who watches what, and wakes them: at once for writes of this process, from the change log for those of others, and
 * every so often by reading again, so that a lost hint costs lateness and not truth. What is true is read by the watchers,
 * all through the same joined readers.
 */
export class WatchHub {
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #watches = new Set<Watcher>();
  readonly #feed: ChangeFeed;
  readonly #whole: Record<View, JoinedReader<TaskResult>>;
  readonly #outlines: JoinedReader<Outline>;
  #watchedIds = 0;
  #rereading: NodeJS.Timeout | null = null;
  #closing = false;

  constructor(
    private readonly store: TaskResultStore,
    private readonly options: HubOptions,
    private readonly onError: (error: unknown) => void,
  ) {
    this.#feed = new ChangeFeed(store, options, ({ taskId, revision }) => this.changed(taskId, revision), onError);
    this.#whole = {
      FULL: new JoinedReader((ids) => store.read(ids, 'FULL')),
      BASIC: new JoinedReader((ids) => store.read(ids, 'BASIC')),
    };
    this.#outlines = new JoinedReader((ids) => store.outline(ids));
  }

  async start(): Promise<void> {
    await this.#feed.start();
    this.#rereading = setInterval(() => this.#reread().catch(this.onError), this.options.rereadMs);
  }

  /** Ends all watches; resolves when nothing of the hub is running any more. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const watch of this.#watches) watch.shutDown();
    if (this.#rereading) clearInterval(this.#rereading);
    await this.#feed.stop();
  }

  /** A result has this revision now, or had it and has a newer one. */
  changed(id: string, revision: number): void {
    const watchers = this.#watchers.get(id);
    if (!watchers) return;
    for (const watcher of watchers) if (watcher.known(id) < revision) watcher.wake(id);
  }

  /** From now on the watcher is woken. It must read what it watches after this, so that nothing falls between. */
  enter(watcher: Watcher): void {
    if (this.#closing) throw shuttingDown();
    const ids = [...watcher.ids()];
    const { mostWatches, mostWatchedIds } = this.options;
    if (this.#watches.size >= mostWatches) {
      throw new TaskResultsError('LIMIT_REACHED', `this server has ${mostWatches} watches open, its limit`);
    }
    if (this.#watchedIds + ids.length > mostWatchedIds) {
      throw new TaskResultsError('LIMIT_REACHED', `this server would watch more than ${mostWatchedIds} ids, its limit`);
    }
    this.#watches.add(watcher);
    for (const id of ids) this.#follow(watcher, id);
    this.#feed.wanted = true;
  }

  /** The watcher no longer follows this id. */
  forget(watcher: Watcher, id: string): void {
    const watchers = this.#watchers.get(id);
    if (!watchers?.delete(watcher)) return;
    this.#watchedIds--;
    if (watchers.size === 0) this.#watchers.delete(id);
  }

  leave(watcher: Watcher): void {
    for (const id of watcher.ids()) this.forget(watcher, id);
    this.#watches.delete(watcher);
    this.#feed.wanted = this.#watches.size > 0;
  }

  /** The result as it is now. All who ask in one turn get the same object. */
  read(id: string, view: View): Promise<TaskResult | null> {
    return this.#whole[view].read(id);
  }

  outline(id: string): Promise<Outline | null> {
    return this.#outlines.read(id);
  }

  #follow(watcher: Watcher, id: string): void {
    const watchers = this.#watchers.get(id);
    if (watchers) watchers.add(watcher);
    else this.#watchers.set(id, new Set([watcher]));
    this.#watchedIds++;
  }

  async #reread(): Promise<void> {
    const ids = [...this.#watchers.keys()];
    for (let i = 0; i < ids.length; i += REREAD_IDS) {
      const some = ids.slice(i, i + REREAD_IDS);
      const revisions = new Map((await this.store.outline(some)).map(({ id, revision }) => [id, revision]));
      for (const id of some) {
        for (const watcher of this.#watchers.get(id) ?? []) {
          if (watcher.known(id) !== (revisions.get(id) ?? 0)) watcher.wake(id);
        }
      }
    }
  }
}
