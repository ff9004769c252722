import type { Caller } from '../../domain/caller';
import { abandoned, doesNotExist, TaskResultsError } from '../../domain/errors';
import { type Filter, matches } from '../../domain/filter';
import { MAX_ANSWER_SIZE, MAX_WAITING_READS } from '../../domain/limits';
import type { Position, TaskResultStore } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isSameVersion, type Version } from '../../domain/version';
import type { FairTurns } from '../fair-turns';
import { countThatFit, evenShare } from './answer-budget';
import type { ResultCache } from './result-cache';

/**
 * Reads of many results in flight at a time, those of watches included. More are no quicker, hold up reads by id, and
 * each may hold several times MAX_ANSWER_SIZE.
 */
export const MAX_READS_OF_MANY = 2;

export interface KnownResult {
  id: string;
  version: Version;
}

/** Every id that was asked for is in exactly one of the lists, in the order asked. */
export interface BatchGet {
  found: TaskResult[];
  notFound: string[];
  /** Found, and left out to keep the answer small. */
  deferred: string[];
}

export interface BatchRefresh {
  /** The incarnation is the known one, the revision another. */
  changed: TaskResult[];
  /** The incarnation is another than the known one, or none was known. */
  replaced: TaskResult[];
  unchanged: string[];
  notFound: string[];
  deferred: string[];
}

export interface Page {
  results: TaskResult[];
  /** Where the next page begins; null: this was the last one. */
  next: Position | null;
}

/**
 * What the reading calls mean, except for those that follow results (see Watches). Those that read many results wait
 * for their turns, and reject with LIMIT_REACHED when too many do. Once their caller has gone, they go no further.
 */
export class Reads {
  constructor(
    private readonly store: TaskResultStore,
    private readonly cache: ResultCache,
    private readonly turns: FairTurns,
  ) {}

  /** Rejects with TASK_RESULT_DOES_NOT_EXIST, or with TASK_RESULT_MISMATCH when the task has another path. */
  async get(id: string, expectedTaskPath: string | null, view: View): Promise<TaskResult> {
    const result = await (view === 'FULL' ? this.cache.get(id) : this.cache.read(id, view));
    if (!result) throw doesNotExist(id);
    if (expectedTaskPath !== null && result.task.path !== expectedTaskPath) {
      throw new TaskResultsError('TASK_RESULT_MISMATCH', `task result "${id}" belongs to another task`);
    }
    return result;
  }

  batchGet(ids: readonly string[], view: View, caller: Caller): Promise<BatchGet> {
    return this.#inTurn(caller, () => this.#getMany(ids, view, caller));
  }

  async #getMany(ids: readonly string[], view: View, caller: Caller): Promise<BatchGet> {
    const distinct = [...new Set(ids)];
    // Mostly all of them exist and are small: then one read is enough.
    const results = byId(await this.store.read(distinct, view, evenShare(distinct.length)));
    if (results.size === distinct.length) return { found: inOrder(distinct, results), notFound: [], deferred: [] };
    goOnFor(caller);
    const present = inOrder(distinct, byId(await this.store.outline(distinct)));
    goOnFor(caller);
    const fitting = idsOf(present.slice(0, countThatFit(present, view, MAX_ANSWER_SIZE)));
    const larger = fitting.filter((id) => !results.has(id));
    for (const result of await this.store.read(larger, view)) results.set(result.id, result);
    const found = inOrder(fitting, results);
    const deferred = idsOf(present.slice(fitting.length));
    const elsewhere = new Set([...idsOf(found), ...deferred]);
    return { found, notFound: distinct.filter((id) => !elsewhere.has(id)), deferred };
  }

  /**
   * The result when it has another version than the known one, otherwise null. Rejects with TASK_RESULT_DOES_NOT_EXIST.
   */
  async refresh({ id, version }: KnownResult, view: View): Promise<TaskResult | null> {
    const outline = await this.cache.outline(id);
    if (!outline) throw doesNotExist(id);
    if (isSameVersion(outline, version)) return null;
    const result = await this.cache.read(id, view);
    if (!result) throw doesNotExist(id);
    return result;
  }

  batchRefresh(asked: readonly KnownResult[], view: View, caller: Caller): Promise<BatchRefresh> {
    return this.#inTurn(caller, () => this.#refreshMany(asked, view, caller));
  }

  async #refreshMany(asked: readonly KnownResult[], view: View, caller: Caller): Promise<BatchRefresh> {
    const known = new Map([...asked].reverse().map(({ id, version }) => [id, version]));
    const outlines = byId(await this.store.outline([...known.keys()]));
    goOnFor(caller);
    const isUnchanged = ({ id, version }: KnownResult) => {
      const outline = outlines.get(id);
      return outline !== undefined && isSameVersion(outline, version);
    };
    const distinct = [...new Set(asked.map(({ id }) => id))].map((id) => ({ id, version: known.get(id) as Version }));
    const others = idsOf(distinct.filter((item) => !isUnchanged(item)));
    const { found, notFound, deferred } = await this.#getMany(others, view, caller);
    const isReplaced = ({ id, incarnation }: TaskResult) => known.get(id)?.incarnation !== incarnation;
    return {
      changed: found.filter((result) => !isReplaced(result)),
      replaced: found.filter(isReplaced),
      unchanged: idsOf(distinct.filter(isUnchanged)),
      notFound,
      deferred,
    };
  }

  list(filter: Filter, after: Position | null, pageSize: number, view: View, caller: Caller): Promise<Page> {
    return this.#inTurn(caller, () => this.#page(filter, after, pageSize, view, caller));
  }

  async #page(filter: Filter, after: Position | null, pageSize: number, view: View, caller: Caller): Promise<Page> {
    const outlines = await this.store.list(filter, after, pageSize + 1);
    goOnFor(caller);
    const page = outlines.slice(0, pageSize);
    const fitting = page.slice(0, countThatFit(page, view, MAX_ANSWER_SIZE));
    const results = inOrder(idsOf(fitting), byId(await this.store.read(idsOf(fitting), view)));
    const last = fitting.at(-1);
    return {
      // A result may have changed since its key was read, and match no longer.
      results: results.filter((result) => matches(filter, result)),
      next: last && fitting.length < outlines.length ? { enqueuedAt: last.enqueuedAt, id: last.id } : null,
    };
  }

  #inTurn<T>(caller: Caller, read: () => Promise<T>): Promise<T> {
    return this.turns.run(caller, read, MAX_WAITING_READS);
  }
}

function goOnFor(caller: Caller): void {
  if (caller.isGone) throw abandoned();
}

interface Identified {
  id: string;
}

function idsOf(items: readonly Identified[]): string[] {
  return items.map(({ id }) => id);
}

function byId<T extends Identified>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

/** What has these ids, in their order. */
function inOrder<T>(ids: readonly string[], items: ReadonlyMap<string, T>): T[] {
  return ids.flatMap((id) => items.get(id) ?? []);
}
