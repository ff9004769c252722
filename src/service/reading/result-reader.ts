import { LRUCache } from 'lru-cache';
import type { Outline, TaskResultStore } from '../../domain/store';
import { isFinished, type TaskResult, type View } from '../../domain/task-result';
import { isNewer, NO_VERSION, UNKNOWN_VERSION, type Version } from '../../domain/version';
import { Stopwatch } from '../stopwatch';
import { JoinedReader } from './joined-reader';

/** About as many bytes as a cached result needs beside its texts. */
const ENTRY_BYTES = 1_024;

/** What is remembered is answered for as long as the change log was read no longer ago than this. */
const MAX_HEARSAY_MS = 2_000;

/** A read of one result. */
interface UnderWay {
  /** The newest version of it that was told of meanwhile. */
  told: Version;
}

/**
 * Single results from the store: reads that are asked for together are one query, and finished results are remembered.
 */
export class ResultReader {
  readonly #whole: Record<View, JoinedReader<TaskResult>>;
  readonly #outlines: JoinedReader<Outline>;
  readonly #finished: LRUCache<string, TaskResult>;
  /** Reads under way whose results may be remembered, unless something newer is told of meanwhile. */
  readonly #underWay = new Map<string, Set<UnderWay>>();
  /** Since when it is known what was deleted; null: it is not known. */
  #upToDate: Stopwatch | null = null;

  constructor(
    store: TaskResultStore,
    /** What finished results in memory may take together. 0: none are kept. */
    mostBytes: number,
  ) {
    this.#whole = {
      FULL: new JoinedReader((ids) => store.read(ids, 'FULL')),
      BASIC: new JoinedReader((ids) => store.read(ids, 'BASIC')),
    };
    this.#outlines = new JoinedReader((ids) => store.outline(ids));
    this.#finished = new LRUCache({
      maxSize: Math.max(1, mostBytes),
      maxEntrySize: Math.max(1, Math.floor(mostBytes / 16)), // it takes whole numbers only
      sizeCalculation: sizeOf,
    });
  }

  /** The result as the store has it now; null when it has none. All who ask in one turn get the same object. */
  read(id: string, view: View): Promise<TaskResult | null> {
    return this.#whole[view].read(id);
  }

  /** The same without its content. */
  outline(id: string): Promise<Outline | null> {
    return this.#outlines.read(id);
  }

  /**
   * The same as `read`, but a finished result may come from memory: it never changes again. It can only be deleted, of
   * which `forget` tells: at once for this process, and as soon as the change log has been read for others. When that
   * has not been for a while, since the store hangs or this process was suspended, nothing is taken from memory.
   */
  async readOrRecall(id: string): Promise<TaskResult | null> {
    const isTrusted = this.#upToDate !== null && this.#upToDate.ms <= MAX_HEARSAY_MS;
    const known = isTrusted ? this.#finished.get(id) : undefined;
    if (known) return known;
    const reading = this.#begin(id);
    try {
      const result = await this.read(id, 'FULL');
      if (result && isFinished(result.status) && !isNewer(reading.told, result)) this.#finished.set(id, result);
      return result;
    } finally {
      this.#end(id, reading);
    }
  }

  /** This result has this version now, or had it and has a newer one, or is gone. */
  forget(id: string, version: Version): void {
    const known = this.#finished.peek(id);
    if (known && isNewer(version, known)) this.#finished.delete(id);
    for (const reading of this.#underWay.get(id) ?? []) {
      if (isNewer(version, reading.told)) reading.told = version;
    }
  }

  /** All that was changed until a moment ago has been told of. */
  confirm(): void {
    this.#upToDate = new Stopwatch();
  }

  /** Changes may have gone unnoticed. */
  forgetAll(): void {
    this.#finished.clear();
    for (const id of this.#underWay.keys()) this.forget(id, UNKNOWN_VERSION);
  }

  #begin(id: string): UnderWay {
    const reading = { told: NO_VERSION };
    const others = this.#underWay.get(id);
    if (others) others.add(reading);
    else this.#underWay.set(id, new Set([reading]));
    return reading;
  }

  #end(id: string, reading: UnderWay): void {
    const all = this.#underWay.get(id);
    all?.delete(reading);
    if (all?.size === 0) this.#underWay.delete(id);
  }
}

function sizeOf({ argsJson, kwargsJson, returnValueJson, errors }: TaskResult): number {
  const ofErrors = errors.reduce((sum, { message, traceback }) => sum + message.length + traceback.length + 200, 0);
  // Two bytes a character, and one or more once it has been encoded for an answer.
  return ENTRY_BYTES + 3 * (argsJson.length + kwargsJson.length + (returnValueJson?.length ?? 0) + ofErrors);
}
