import { Semaphore } from 'async-mutex';
import { doesNotExist, TaskResultsError } from '../../domain/errors';
import { type Filter, matches } from '../../domain/filter';
import { MAX_ANSWER_SIZE } from '../../domain/limits';
import type { Position, TaskResultStore } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isSameVersion, type Version } from '../../domain/version';
import { countThatFit, evenShare } from './answer-budget';
import type { ResultCache } from './result-cache';

/** Reads of many results in flight at a time. More are no quicker, and each may hold several times MAX_ANSWER_SIZE. */
const MAX_READS_OF_MANY = 4;

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

/** What the reading calls mean, except for those that follow results (see Watches). */
export class Reads {
  readonly #readsOfMany = new Semaphore(MAX_READS_OF_MANY);

  constructor(
    private readonly store: TaskResultStore,
    private readonly cache: ResultCache,
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

  async batchGet(ids: readonly string[], view: View): Promise<BatchGet> {
    const distinct = [...new Set(ids)];
    // Mostly all of them exist and are small: then one read is enough.
    const results = byId(await this.#readMany(distinct, view, evenShare(distinct.length)));
    if (results.size === distinct.length) return { found: inOrder(distinct, results), notFound: [], deferred: [] };
    const present = inOrder(distinct, byId(await this.store.outline(distinct)));
    const fitting = idsOf(present.slice(0, countThatFit(present, view, MAX_ANSWER_SIZE)));
    const larger = fitting.filter((id) => !results.has(id));
    for (const result of await this.#readMany(larger, view)) results.set(result.id, result);
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

  async batchRefresh(asked: readonly KnownResult[], view: View): Promise<BatchRefresh> {
    const known = new Map([...asked].reverse().map(({ id, version }) => [id, version]));
    const outlines = byId(await this.store.outline([...known.keys()]));
    const isUnchanged = ({ id, version }: KnownResult) => {
      const outline = outlines.get(id);
      return outline !== undefined && isSameVersion(outline, version);
    };
    const distinct = [...new Set(asked.map(({ id }) => id))].map((id) => ({ id, version: known.get(id) as Version }));
    const others = idsOf(distinct.filter((item) => !isUnchanged(item)));
    const { found, notFound, deferred } = await this.batchGet(others, view);
    const isReplaced = ({ id, incarnation }: TaskResult) => known.get(id)?.incarnation !== incarnation;
    return {
      changed: found.filter((result) => !isReplaced(result)),
      replaced: found.filter(isReplaced),
      unchanged: idsOf(distinct.filter(isUnchanged)),
      notFound,
      deferred,
    };
  }

  async list(filter: Filter, after: Position | null, pageSize: number, view: View): Promise<Page> {
    const outlines = await this.store.list(filter, after, pageSize + 1);
    const page = outlines.slice(0, pageSize);
    const fitting = page.slice(0, countThatFit(page, view, MAX_ANSWER_SIZE));
    const results = inOrder(idsOf(fitting), byId(await this.#readMany(idsOf(fitting), view)));
    const last = fitting.at(-1);
    return {
      // A result may have changed since its key was read, and match no longer.
      results: results.filter((result) => matches(filter, result)),
      next: last && fitting.length < outlines.length ? { enqueuedAt: last.enqueuedAt, id: last.id } : null,
    };
  }

  async #readMany(ids: readonly string[], view: View, maxBytes?: number): Promise<TaskResult[]> {
    if (ids.length === 0) return []; // without waiting for other reads
    return this.#readsOfMany.runExclusive(() => this.store.read(ids, view, maxBytes));
  }
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
