import { LRUCache } from 'lru-cache';
import type { Stopwatch } from '../../domain/stopwatch';
import type { Outline, TaskResultStore } from '../../domain/store';
import { isFinished, type TaskResult, type View } from '../../domain/task-result';
import { isNewer, NO_VERSION, UNKNOWN_VERSION, type Version } from '../../domain/version';
import type { ChangeListener } from '../changes/change-feed';
import { BatchLoader } from './batch-loader';

/** About as many bytes as a cached result needs besides its texts. */
const ENTRY_BYTES = 1_024;

/** About as many bytes as an error needs besides its texts. */
const ERROR_BYTES = 600;

/** Two in a text, and one or more once it has been encoded for an answer. */
const BYTES_PER_CHARACTER = 3;

/**
 * The cache is trusted for as long as the change log was read no longer ago than this. So no result is answered longer
 * than this after another process has deleted it, which the contract promises.
 */
const MAX_TRUST_MS = 500;

/** A read of one result whose answer may be cached. */
interface ReadInFlight {
  /** The newest version of the result that was announced since the read began. */
  announced: Version;
}

/**
 * Single results. `read` and `outline` always ask the store, in batches; `get` also knows finished results that it read
 * before. A finished result never changes again. It can only be deleted, which the change feed announces: at once when
 * this process does it, otherwise as soon as the change log has been read. When the log has not been read for
 * MAX_TRUST_MS, since the store hangs or this process was suspended, `get` asks the store as well.
 */
export class ResultCache implements ChangeListener {
  readonly #results: Record<View, BatchLoader<TaskResult>>;
  readonly #outlines: BatchLoader<Outline>;
  readonly #finished: LRUCache<string, TaskResult>;
  readonly #inFlight = new Map<string, Set<ReadInFlight>>();
  /** Since when it is known what was deleted; null: it is not known. */
  #lastUpToDate: Stopwatch | null = null;

  constructor(
    store: TaskResultStore,
    /** What finished results in memory may take together. 0: none are kept. */
    maxBytes: number,
  ) {
    this.#results = {
      FULL: new BatchLoader((ids) => store.read(ids, 'FULL')),
      BASIC: new BatchLoader((ids) => store.read(ids, 'BASIC')),
    };
    this.#outlines = new BatchLoader((ids) => store.outline(ids));
    this.#finished = new LRUCache({
      maxSize: Math.max(1, maxBytes),
      maxEntrySize: Math.max(1, Math.floor(maxBytes / 16)), // it takes whole numbers only
      sizeCalculation: sizeOf,
    });
  }

  /** The result as the store has it now; null when it has none. All who ask in one tick get the same object. */
  read(id: string, view: View): Promise<TaskResult | null> {
    return this.#results[view].load(id);
  }

  /** The same without its content. */
  outline(id: string): Promise<Outline | null> {
    return this.#outlines.load(id);
  }

  /** The whole result, from memory or from the store; null when there is none. */
  async get(id: string): Promise<TaskResult | null> {
    const isTrusted = this.#lastUpToDate !== null && this.#lastUpToDate.ms <= MAX_TRUST_MS;
    const cached = isTrusted ? this.#finished.get(id) : undefined;
    if (cached) return cached;
    const read = this.#begin(id);
    try {
      const result = await this.read(id, 'FULL');
      if (result && isFinished(result.status) && !isNewer(read.announced, result)) this.#finished.set(id, result);
      return result;
    } finally {
      this.#end(id, read);
    }
  }

  changed(id: string, version: Version): void {
    const cached = this.#finished.peek(id);
    if (cached && isNewer(version, cached)) this.#finished.delete(id);
    for (const read of this.#inFlight.get(id) ?? []) {
      if (isNewer(version, read.announced)) read.announced = version;
    }
  }

  missed(): void {
    this.#finished.clear();
    for (const id of this.#inFlight.keys()) this.changed(id, UNKNOWN_VERSION);
  }

  upToDate(since: Stopwatch): void {
    this.#lastUpToDate = since;
  }

  /** Until the log can be read again, nobody knows what is deleted elsewhere. */
  failed(): void {
    this.missed();
  }

  #begin(id: string): ReadInFlight {
    const read = { announced: NO_VERSION };
    const others = this.#inFlight.get(id);
    if (others) others.add(read);
    else this.#inFlight.set(id, new Set([read]));
    return read;
  }

  #end(id: string, read: ReadInFlight): void {
    const all = this.#inFlight.get(id);
    all?.delete(read);
    if (all?.size === 0) this.#inFlight.delete(id);
  }
}

function sizeOf({ argsJson, kwargsJson, returnValueJson, metadata, workerIds, errors }: TaskResult): number {
  const texts = [argsJson, kwargsJson, returnValueJson ?? '', ...Object.entries(metadata).flat(), ...workerIds];
  for (const error of errors) texts.push(error.exceptionClassPath, error.message, error.traceback, error.workerId);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  return ENTRY_BYTES + ERROR_BYTES * errors.length + BYTES_PER_CHARACTER * characters;
}
