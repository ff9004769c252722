import { TaskResultsError } from '../../domain/errors';
import { type Filter, matches } from '../../domain/filter';
import type { Position } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isSameVersion, NO_VERSION, type Version, versionOf } from '../../domain/version';
import { takeTurn } from './turn';
import type { Bell, Subject, WatchEvent } from './watch';
import type { Watcher, WatchHub } from './watch-hub';

/** Outlines of one page of a scan, and ids of one turn. */
const PAGE = 500;

/** Changed ids that are remembered for a slow reader. Beyond, the whole filter is scanned again instead. */
const MOST_DIRTY = 10_000;

/** A filter that matches more than this is refused: everything told must be remembered. */
const MOST_TOLD = 100_000;

/** A walk over everything that matches now. */
interface Scan {
  after: Position | null;
  /** What was found so far. */
  found: Set<string>;
}

/**
 * A watch of every result that matches a filter: first those that do now, then every change that matches or stops to.
 */
export class FilterWatch implements Subject, Watcher {
  /** The reader never has everything. */
  readonly settled = false;
  /** What the reader holds: results that matched when last told of, by version. */
  readonly #told = new Map<string, Version>();
  readonly #dirty = new Set<string>();
  #scan: Scan | null = { after: null, found: new Set() };
  #scanAgain = false;
  #bell: Bell | null = null;

  constructor(
    private readonly hub: WatchHub,
    private readonly filter: Filter,
    readonly view: View,
  ) {}

  get pending(): boolean {
    return this.#scan !== null || this.#scanAgain || this.#dirty.size > 0;
  }

  enter(bell: Bell): void {
    this.#bell = bell;
    this.hub.enterAll(this);
  }

  leave(): void {
    this.hub.leave(this, []);
  }

  known(id: string): Version {
    return this.#told.get(id) ?? NO_VERSION;
  }

  wake(id: string): void {
    if (this.#dirty.size >= MOST_DIRTY) this.recheck();
    else this.#dirty.add(id);
    this.#bell?.ring();
  }

  /** Whatever was missed is found by scanning again. */
  recheck(): void {
    this.#dirty.clear();
    this.#scanAgain = true;
    this.#bell?.ring();
  }

  shutDown(): void {
    this.#bell?.shutDown();
  }

  turn(): Promise<WatchEvent[]> {
    if (!this.#scan && this.#scanAgain) {
      this.#scan = { after: null, found: new Set() };
      this.#scanAgain = false;
    }
    // What is known to be due comes before more of it, so that the list of it stays short.
    const scan = this.#dirty.size < PAGE ? this.#scan : null;
    return scan ? this.#scanPage(scan) : this.#look([...this.#dirty].slice(0, PAGE));
  }

  async #scanPage(scan: Scan): Promise<WatchEvent[]> {
    const page = await this.hub.list(this.filter, scan.after, PAGE);
    const events = await this.#look(page.map(({ id }) => id).filter((id) => !scan.found.has(id)));
    for (const { id } of page) scan.found.add(id);
    scan.after = page.at(-1) ?? scan.after;
    if (page.length < PAGE) {
      // What the reader holds and the scan did not meet matches no longer, or is gone.
      for (const id of this.#told.keys()) if (!scan.found.has(id)) this.#dirty.add(id);
      this.#scan = null;
    }
    return events;
  }

  /** What has become of these ids. Those that do not fit in one turn are dirty afterwards. */
  async #look(ids: readonly string[]): Promise<WatchEvent[]> {
    for (const id of ids) this.#dirty.delete(id);
    const left = new Set(ids);
    try {
      const { results, unchanged, absent } = await takeTurn(this.hub, ids, (id) => this.known(id), this.view);
      for (const { id } of [...results, ...unchanged]) left.delete(id);
      for (const id of absent) left.delete(id);
      return [...absent.flatMap((id) => this.#noteAbsence(id)), ...results.flatMap((result) => this.#note(result))];
    } finally {
      for (const id of left) this.#dirty.add(id);
    }
  }

  #note(result: TaskResult): WatchEvent[] {
    const { id } = result;
    const version = versionOf(result);
    const known = this.known(id);
    if (isSameVersion(version, known)) return [];
    const isMatch = matches(this.filter, result);
    const deleted = version.incarnation === known.incarnation ? [] : this.#noteAbsence(id, isMatch);
    if (isMatch) {
      this.#remember(id, version);
      return [...deleted, { kind: 'snapshot', result }];
    }
    if (!this.#told.delete(id)) return deleted;
    return [{ kind: 'unmatched', id, version }];
  }

  #noteAbsence(id: string, isReplaced = false): WatchEvent[] {
    const version = this.known(id);
    return this.#told.delete(id) ? [{ kind: 'deleted', id, version, isReplaced }] : [];
  }

  #remember(id: string, version: Version): void {
    if (this.#told.size >= MOST_TOLD && !this.#told.has(id)) {
      throw new TaskResultsError('LIMIT_REACHED', `the filter matches more than ${MOST_TOLD} results: narrow it`);
    }
    this.#told.set(id, version);
  }
}
