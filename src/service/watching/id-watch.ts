import { isFinished, type TaskResult, type TaskResultStatus, type View } from '../../domain/task-result';
import { isNewer, isSameVersion, NO_VERSION, UNKNOWN_VERSION, type Version, versionOf } from '../../domain/version';
import type { KnownResult } from '../reading/reads';
import { takeTurn } from './turn';
import type { Bell, Subject, WatchEvent } from './watch';
import type { Watcher, WatchHub } from './watch-hub';

/** A watch of results by id. */
export class IdWatch implements Subject, Watcher {
  /** Everything still followed, with the version the reader has. */
  readonly #known: Map<string, Version>;
  /** Ids that may have something newer, with the version that is said to be there. */
  readonly #dirty: Map<string, Version>;
  /** Ids that the reader knows to be missing. Only with keepOpen. */
  readonly #missing = new Set<string>();
  /** Ids of which this watch has read nothing yet. What the reader has of them is hearsay. */
  readonly #unread: Set<string>;
  #bell: Bell | null = null;

  constructor(
    private readonly hub: WatchHub,
    asked: readonly KnownResult[],
    readonly view: View,
    /** Goes on when every id is finished, deleted or not found. */
    private readonly keepOpen: boolean,
  ) {
    // The first place of an id counts, so it is set last.
    this.#known = new Map([...asked].reverse().map(({ id, version }) => [id, version]));
    this.#dirty = new Map(asked.map(({ id }) => [id, UNKNOWN_VERSION]));
    this.#unread = new Set(this.#known.keys());
  }

  get pending(): boolean {
    return this.#dirty.size > 0;
  }

  get settled(): boolean {
    return this.#known.size === 0;
  }

  enter(bell: Bell): void {
    this.#bell = bell;
    this.hub.enter(this, [...this.#known.keys()]);
  }

  leave(): void {
    this.hub.leave(this, this.#known.keys());
  }

  known(id: string): Version {
    return this.#unread.has(id) ? NO_VERSION : this.#held(id);
  }

  /** The version that the reader has. */
  #held(id: string): Version {
    return this.#known.get(id) ?? NO_VERSION;
  }

  wake(id: string, version: Version): void {
    if (isNewer(version, this.#dirty.get(id) ?? NO_VERSION)) this.#dirty.set(id, version);
    this.#bell?.ring();
  }

  shutDown(): void {
    this.#bell?.shutDown();
  }

  turn(): Promise<WatchEvent[]> {
    const ids = [...this.#dirty.keys()];
    // What becomes dirty from now on may be newer than what is read.
    this.#dirty.clear();
    return ids.length === 1 ? this.#turnOfOne(ids[0] as string) : this.#turnOfMany(ids);
  }

  /** Mostly something that has just changed. It is read at once, and its size does not matter. */
  #turnOfOne(id: string): Promise<WatchEvent[]> {
    return this.hub.read(id, this.view).then(
      (result) => (result ? this.#note(result) : this.#noteAbsence(id)),
      (error: unknown) => {
        this.#dirty.set(id, UNKNOWN_VERSION);
        throw error;
      },
    );
  }

  async #turnOfMany(ids: readonly string[]): Promise<WatchEvent[]> {
    const left = new Set(ids);
    try {
      const { results, unchanged, absent } = await takeTurn(this.hub, ids, (id) => this.#held(id), this.view);
      for (const { id } of [...results, ...unchanged]) left.delete(id);
      for (const id of absent) left.delete(id);
      for (const { id, status } of unchanged) {
        this.#unread.delete(id);
        this.#settle(id, status);
      }
      return [...absent.flatMap((id) => this.#noteAbsence(id)), ...results.flatMap((result) => this.#note(result))];
    } finally {
      for (const id of left) this.#dirty.set(id, UNKNOWN_VERSION);
    }
  }

  #note(result: TaskResult): WatchEvent[] {
    const { id, status } = result;
    const known = this.#held(id);
    this.#missing.delete(id);
    this.#unread.delete(id);
    // What this turn was told of while it was reading may be what it has read.
    const dirty = this.#dirty.get(id);
    if (dirty && !isNewer(dirty, result)) this.#dirty.delete(id);
    this.#known.set(id, versionOf(result));
    this.#settle(id, status);
    if (isSameVersion(result, known)) return [];
    const snapshot: WatchEvent = { kind: 'snapshot', result };
    const isReplaced = known.incarnation !== NO_VERSION.incarnation && known.incarnation !== result.incarnation;
    return isReplaced ? [{ kind: 'deleted', id, version: known, isReplaced }, snapshot] : [snapshot];
  }

  #noteAbsence(id: string): WatchEvent[] {
    if (this.#missing.has(id)) return [];
    const known = this.#held(id);
    this.#unread.delete(id);
    if (this.keepOpen) {
      this.#known.set(id, NO_VERSION);
      this.#missing.add(id);
    } else {
      this.#drop(id);
    }
    if (isSameVersion(known, NO_VERSION)) return [{ kind: 'notFound', id }];
    return [{ kind: 'deleted', id, version: known, isReplaced: false }];
  }

  /** A finished result changes no more: unless the watch is kept open, there is nothing left to follow. */
  #settle(id: string, status: TaskResultStatus): void {
    if (isFinished(status) && !this.keepOpen) this.#drop(id);
  }

  #drop(id: string): void {
    this.#known.delete(id);
    this.#dirty.delete(id);
    this.#unread.delete(id);
    this.hub.forget(this, id);
  }
}
