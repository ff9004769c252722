import { TaskResultsError } from '../../domain/errors';
import { type Filter, matches } from '../../domain/filter';
import { MAX_FILTER_MATCHES } from '../../domain/limits';
import type { Position, TaskResultStore } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isSameVersion, UNKNOWN_VERSION, type Version, versionOf } from '../../domain/version';
import type { FairTurns } from '../fair-turns';
import type { ResultCache } from '../reading/result-cache';
import { MAX_READ_IDS, type Newer } from './read-newer';
import { type Sink, Watch, type WatchTimes } from './watch';
import type { WatchHub } from './watch-hub';

/** Outlines of one page of a scan. */
const PAGE = 500;

/**
 * Changed ids that are remembered for a slow client, besides as many as the client has results: a scan may find that
 * all of those match no longer. Beyond, the whole filter is scanned again instead.
 */
const MAX_DIRTY = 10_000;

export interface FilterWatchOptions {
  filter: Filter;
  view: View;
}

/** A walk over everything that matches now. */
interface Scan {
  after: Position | null;
  /** What was found so far. */
  found: Set<string>;
}

/**
 * A watch of every result that matches a filter: first those that do now, then every change that matches or stops to.
 */
export class FilterWatch extends Watch {
  /** New results may match at any time. */
  protected readonly isSettled = false;
  readonly #filter: Filter;
  #scan: Scan | null = { after: null, found: new Set() };
  #scanAgain = false;

  constructor(
    private readonly hub: WatchHub,
    private readonly store: TaskResultStore,
    cache: ResultCache,
    turns: FairTurns,
    { filter, view }: FilterWatchOptions,
    times: WatchTimes,
    sink: Sink,
  ) {
    super(cache, turns, view, times, sink);
    this.#filter = filter;
  }

  protected enter(): void {
    this.hub.enterAll(this);
  }

  protected leave(): void {
    this.hub.leave(this, []);
  }

  protected override get isPending(): boolean {
    return this.#scan !== null || this.#scanAgain || super.isPending;
  }

  protected override get isReadOfMany(): boolean {
    return this.#scan !== null || this.#scanAgain || super.isReadOfMany;
  }

  override wake(id: string, version: Version): void {
    if (this.dirty.size >= MAX_DIRTY + this.held.size) this.recheck();
    else super.wake(id, version);
  }

  /** Whatever was missed is found by scanning again. */
  override recheck(): void {
    this.dirty.clear();
    this.#scanAgain = true;
    this.pump();
  }

  protected override async readNext(): Promise<Newer> {
    if (!this.#scan && this.#scanAgain) {
      this.#scan = { after: null, found: new Set() };
      this.#scanAgain = false;
    }
    // What is known to be dirty is read before more of it is looked for, so that the list of it stays short.
    if (this.#scan && this.dirty.size < MAX_READ_IDS) await this.#scanPage(this.#scan);
    return super.readNext();
  }

  async #scanPage(scan: Scan): Promise<void> {
    const page = await this.store.list(this.#filter, scan.after, PAGE);
    for (const outline of page) {
      const { id } = outline;
      if (!scan.found.has(id) && !isSameVersion(outline, this.known(id))) this.mark(id, versionOf(outline));
      scan.found.add(id);
    }
    scan.after = page.at(-1) ?? scan.after;
    if (page.length < PAGE) {
      // What the client has and the scan did not meet matches no longer, or is gone.
      for (const id of this.held.keys()) if (!scan.found.has(id)) this.mark(id, UNKNOWN_VERSION);
      this.#scan = null;
    }
  }

  protected onResult(result: TaskResult): void {
    const { id } = result;
    const version = versionOf(result);
    const held = this.known(id);
    if (isSameVersion(version, held)) return;
    const isMatch = matches(this.#filter, result);
    if (version.incarnation !== held.incarnation) this.#sendDeleted(id, isMatch);
    if (isMatch) {
      this.#hold(id, version);
      this.send({ kind: 'snapshot', result });
    } else if (this.held.delete(id)) {
      this.send({ kind: 'unmatched', id, version });
    }
  }

  protected onAbsent(id: string): void {
    this.#sendDeleted(id, false);
  }

  #sendDeleted(id: string, isReplaced: boolean): void {
    const version = this.known(id);
    if (this.held.delete(id)) this.send({ kind: 'deleted', id, version, isReplaced });
  }

  #hold(id: string, version: Version): void {
    if (this.held.size >= MAX_FILTER_MATCHES && !this.held.has(id)) {
      throw new TaskResultsError(
        'LIMIT_REACHED',
        `the filter matches more than ${MAX_FILTER_MATCHES} results: narrow it`,
      );
    }
    this.held.set(id, version);
  }
}
