import type { Outline } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isNewer, isSameVersion, NO_VERSION, UNKNOWN_VERSION, type Version } from '../../domain/version';
import { countThatFit } from '../reading/answer-budget';
import { MAX_IDS_IN_FLIGHT } from '../reading/batch-loader';
import type { ResultCache } from '../reading/result-cache';

/** Ids of one read. */
export const MAX_READ_IDS = 500;
/** What one read holds at most, beyond the first result: it stays in memory while the client is slow. */
const MAX_READ_BYTES = 256 * 1024;

/** What a read found. */
export interface Newer {
  /** Whole results. When only one id was read, it may have the version that the client has. */
  readonly results: readonly TaskResult[];
  /** Results that have the version that the client has. */
  readonly unchanged: readonly Outline[];
  /** Ids that no result has. */
  readonly absent: readonly string[];
}

const NONE: readonly never[] = [];

/**
 * Takes the first ids out of `dirty`, and reads those results whole whose version is another one than in `held`, as
 * many as fit into MAX_READ_BYTES. Afterwards an id is dirty again if it did not fit, or if something newer than what
 * was read has been announced meanwhile. When the promise rejects, all of them are.
 */
export function readNewer(
  cache: ResultCache,
  dirty: Map<string, Version>,
  held: ReadonlyMap<string, Version>,
  view: View,
): Promise<Newer> {
  const ids = takeFirst(dirty);
  return ids.length === 1 ? readOne(cache, dirty, ids[0] as string, view) : readMany(cache, dirty, held, ids, view);
}

/**
 * Mostly something that has just changed: it is read at once, and its size does not matter. Each of 10,000 watches of a
 * result does this for each of its changes. As an async function it took more than twice the CPU (docs/benchmarks.md).
 */
function readOne(cache: ResultCache, dirty: Map<string, Version>, id: string, view: View): Promise<Newer> {
  return cache.read(id, view).then(
    (result) => {
      if (!result) return { results: NONE, unchanged: NONE, absent: [id] };
      clean(dirty, result);
      return { results: [result], unchanged: NONE, absent: NONE };
    },
    (error) => {
      dirty.set(id, UNKNOWN_VERSION);
      throw error;
    },
  );
}

async function readMany(
  cache: ResultCache,
  dirty: Map<string, Version>,
  held: ReadonlyMap<string, Version>,
  ids: readonly string[],
  view: View,
): Promise<Newer> {
  try {
    const [unchanged, changed]: [Outline[], Outline[]] = [[], []];
    const results: TaskResult[] = [];
    const absent: string[] = [];
    const outlines = await loadAll(ids, (id) => cache.outline(id));
    for (const [i, outline] of outlines.entries()) {
      if (!outline) absent.push(ids[i] as string);
      else if (isSameVersion(outline, held.get(outline.id) ?? NO_VERSION)) unchanged.push(outline);
      else changed.push(outline);
    }
    const fitting = changed.slice(0, countThatFit(changed, view, MAX_READ_BYTES));
    for (const { id } of changed.slice(fitting.length)) dirty.set(id, UNKNOWN_VERSION);
    const read = await loadAll(fitting, ({ id }) => cache.read(id, view));
    for (const [i, result] of read.entries()) {
      if (result) results.push(result);
      else absent.push((fitting[i] as Outline).id);
    }
    for (const found of [...unchanged, ...results]) clean(dirty, found);
    return { results, unchanged, absent };
  } catch (error) {
    for (const id of ids) dirty.set(id, UNKNOWN_VERSION);
    throw error;
  }
}

/** In parts: whoever asks for one result meanwhile must not wait for all of them. */
async function loadAll<Item, T>(items: readonly Item[], load: (item: Item) => Promise<T>): Promise<T[]> {
  const loaded: T[] = [];
  for (let i = 0; i < items.length; i += MAX_IDS_IN_FLIGHT) {
    loaded.push(...(await Promise.all(items.slice(i, i + MAX_IDS_IN_FLIGHT).map(load))));
  }
  return loaded;
}

function takeFirst(dirty: Map<string, Version>): string[] {
  const ids = [...dirty.keys()];
  if (ids.length <= MAX_READ_IDS) {
    dirty.clear();
    return ids;
  }
  ids.length = MAX_READ_IDS;
  for (const id of ids) dirty.delete(id);
  return ids;
}

/** What was announced during the read may be what has been read. */
function clean(dirty: Map<string, Version>, found: { id: string } & Version): void {
  const announced = dirty.get(found.id);
  if (announced && !isNewer(announced, found)) dirty.delete(found.id);
}
