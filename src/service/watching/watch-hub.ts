import { shuttingDown, TaskResultsError } from '../../domain/errors';
import type { TaskResultStore } from '../../domain/store';
import { isNewer, isSameVersion, NO_VERSION, UNKNOWN_VERSION, type Version } from '../../domain/version';
import type { ChangeFeed, ChangeListener } from '../changes/change-feed';
import type { Watch } from './watch';

/** Ids of one query of `#reread`. */
const REREAD_IDS = 1_000;

export interface HubOptions {
  /** The versions of watched results are read again this often, whatever the change log says. */
  rereadMs: number;
  /** Watches open at a time. */
  maxWatches: number;
  /** Ids in all of them together. */
  maxWatchedIds: number;
}

/**
 * Knows which watch follows what, and wakes it: when the change feed announces a change, and every so often when a
 * reading of the watched results finds a version that the watch does not know. So an announcement that is lost costs
 * time, and nothing else.
 */
export class WatchHub implements ChangeListener {
  readonly #watches = new Set<Watch>();
  /** Those that follow results by id. */
  readonly #watchesById = new Map<string, Set<Watch>>();
  /** Those that follow every change. */
  readonly #watchesOfAll = new Set<Watch>();
  #watchedIds = 0;
  #timer: NodeJS.Timeout | null = null;
  #isRereadDue = false;
  #rereading: Promise<void> | null = null;
  #isClosed = false;

  constructor(
    private readonly store: TaskResultStore,
    private readonly feed: ChangeFeed,
    private readonly options: HubOptions,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.missed(), this.options.rereadMs);
  }

  /** Ends all watches, and lets in no more. */
  close(): void {
    this.#isClosed = true;
    if (this.#timer) clearInterval(this.#timer);
    for (const watch of this.#watches) watch.shutDown();
  }

  changed(id: string, version: Version): void {
    for (const watches of [this.#watchesById.get(id) ?? [], this.#watchesOfAll]) {
      for (const watch of watches) if (isNewer(version, watch.known(id))) watch.wake(id, version);
    }
  }

  /** Reads all again: once more when it is reading already, and never twice at a time, since the store may hang. */
  missed(): void {
    this.#isRereadDue = true;
    this.#rereading ??= this.#rereadWhileDue()
      .catch(this.onError)
      .finally(() => {
        this.#rereading = null;
      });
  }

  /**
   * From now on the watch is woken for these ids. It must read them after this, so that nothing falls between. Throws
   * LIMIT_REACHED or SHUTTING_DOWN.
   */
  enter(watch: Watch, ids: readonly string[]): void {
    const { maxWatchedIds } = this.options;
    if (this.#watchedIds + ids.length > maxWatchedIds) {
      throw new TaskResultsError('LIMIT_REACHED', `this server would watch more than ${maxWatchedIds} ids, its limit`);
    }
    this.#admit(watch);
    for (const id of ids) this.#follow(watch, id);
  }

  /** The same for every change of any result. */
  enterAll(watch: Watch): void {
    this.#admit(watch);
    this.#watchesOfAll.add(watch);
  }

  /** The watch no longer follows this id. */
  forget(watch: Watch, id: string): void {
    const watches = this.#watchesById.get(id);
    if (!watches?.delete(watch)) return;
    this.#watchedIds--;
    if (watches.size === 0) this.#watchesById.delete(id);
  }

  /** The watch is woken no more; `ids` are those it still followed. */
  leave(watch: Watch, ids: Iterable<string>): void {
    for (const id of ids) this.forget(watch, id);
    this.#watchesOfAll.delete(watch);
    this.#watches.delete(watch);
    this.feed.wanted = this.#watches.size > 0;
  }

  #admit(watch: Watch): void {
    if (this.#isClosed) throw shuttingDown();
    const { maxWatches } = this.options;
    if (this.#watches.size >= maxWatches) {
      throw new TaskResultsError('LIMIT_REACHED', `this server has ${maxWatches} watches open, its limit`);
    }
    this.#watches.add(watch);
    this.feed.wanted = true;
  }

  #follow(watch: Watch, id: string): void {
    const watches = this.#watchesById.get(id);
    if (watches) watches.add(watch);
    else this.#watchesById.set(id, new Set([watch]));
    this.#watchedIds++;
  }

  async #rereadWhileDue(): Promise<void> {
    while (this.#isRereadDue && !this.#isClosed) {
      this.#isRereadDue = false;
      await this.#reread();
    }
  }

  async #reread(): Promise<void> {
    for (const watch of this.#watchesOfAll) watch.recheck();
    const ids = [...this.#watchesById.keys()];
    for (let i = 0; i < ids.length; i += REREAD_IDS) {
      const some = ids.slice(i, i + REREAD_IDS);
      const outlines = new Map((await this.store.outline(some)).map((outline) => [outline.id, outline]));
      for (const id of some) {
        const present = outlines.get(id) ?? NO_VERSION;
        for (const watch of this.#watchesById.get(id) ?? []) {
          if (!isSameVersion(watch.known(id), present)) watch.wake(id, UNKNOWN_VERSION);
        }
      }
    }
  }
}
