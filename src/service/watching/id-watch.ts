import type { Outline } from '../../domain/store';
import { isFinished, type TaskResult, type TaskResultStatus, type View } from '../../domain/task-result';
import { isSameVersion, NO_VERSION, UNKNOWN_VERSION, type Version, versionOf } from '../../domain/version';
import type { FairTurns } from '../fair-turns';
import type { KnownResult } from '../reading/reads';
import type { ResultCache } from '../reading/result-cache';
import { type Sink, Watch, type WatchTimes } from './watch';
import type { WatchHub } from './watch-hub';

export interface IdWatchOptions {
  /** What to follow, with the versions that the client says it has. The first place of an id counts. */
  known: readonly KnownResult[];
  view: View;
  /** Goes on when every id is finished, deleted or not found. */
  keepOpen: boolean;
}

/** A watch of results by id. */
export class IdWatch extends Watch {
  /** Ids that the client knows to be missing. Only with keepOpen. */
  readonly #missing = new Set<string>();
  /** Ids that have not been read yet. What the client has of them nobody has checked. */
  readonly #unread: Set<string>;
  readonly #keepOpen: boolean;

  constructor(
    private readonly hub: WatchHub,
    cache: ResultCache,
    turns: FairTurns,
    { known, view, keepOpen }: IdWatchOptions,
    times: WatchTimes,
    sink: Sink,
  ) {
    super(cache, turns, view, times, sink);
    this.#keepOpen = keepOpen;
    for (const { id, version } of known) {
      if (this.held.has(id)) continue;
      this.held.set(id, version);
      this.dirty.set(id, UNKNOWN_VERSION);
    }
    this.#unread = new Set(this.held.keys());
  }

  protected enter(): void {
    this.hub.enter(this, [...this.held.keys()]);
  }

  protected leave(): void {
    this.hub.leave(this, this.held.keys());
  }

  protected get isSettled(): boolean {
    return this.held.size === 0;
  }

  override known(id: string): Version {
    return this.#unread.has(id) ? NO_VERSION : super.known(id);
  }

  protected onResult(result: TaskResult): void {
    const { id } = result;
    const held = this.#heldOf(id);
    this.#missing.delete(id);
    this.#unread.delete(id);
    this.held.set(id, versionOf(result));
    this.#settle(result);
    if (isSameVersion(result, held)) return;
    const isReplaced = held.incarnation !== NO_VERSION.incarnation && held.incarnation !== result.incarnation;
    if (isReplaced) this.send({ kind: 'deleted', id, version: held, isReplaced });
    this.send({ kind: 'snapshot', result });
  }

  protected onAbsent(id: string): void {
    if (this.#missing.has(id)) return;
    const held = this.#heldOf(id);
    this.#unread.delete(id);
    if (this.#keepOpen) {
      this.held.set(id, NO_VERSION);
      this.#missing.add(id);
    } else {
      this.#drop(id);
    }
    if (isSameVersion(held, NO_VERSION)) this.send({ kind: 'notFound', id });
    else this.send({ kind: 'deleted', id, version: held, isReplaced: false });
  }

  protected override onUnchanged(outline: Outline): void {
    this.#unread.delete(outline.id);
    this.#settle(outline);
  }

  #heldOf(id: string): Version {
    return this.held.get(id) ?? NO_VERSION;
  }

  /** A finished result changes no more: unless the watch is kept open, there is nothing left to follow. */
  #settle({ id, status }: { id: string; status: TaskResultStatus }): void {
    if (isFinished(status) && !this.#keepOpen) this.#drop(id);
  }

  #drop(id: string): void {
    this.held.delete(id);
    this.dirty.delete(id);
    this.#unread.delete(id);
    this.hub.forget(this, id);
  }
}
