import { LRUCache } from 'lru-cache';
import type { Outline, TaskResultStore } from '../domain/store';
import { isFinished, type TaskResult, type View } from '../domain/task-result';
import { JoinedReader } from './joined-reader';

/** About as many bytes as a cached result needs beside its texts. */
const ENTRY_BYTES = 1_024;

/** Single results from the store: reads that are asked for together are one query, and finished results are remembered. */
export class ResultReader {
  readonly #whole: Record<View, JoinedReader<TaskResult>>;
  readonly #outlines: JoinedReader<Outline>;
  readonly #finished: LRUCache<string, TaskResult>;
  /** Ids that are being read to be remembered. One that changes meanwhile must not be. */
  readonly #beingRead = new Map<string, { changed: boolean }>();

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
   * The same as `read`, but a finished result may come from memory: it never changes again. It can only be deleted, of which
   * `forget` tells: at once for this process, and as soon as the change log has been read for others.
   */
  async readOrRecall(id: string): Promise<TaskResult | null> {
    const known = this.#finished.get(id);
    if (known) return known;
    const reading = this.#beingRead.get(id) ?? { changed: false };
    this.#beingRead.set(id, reading);
    try {
      const result = await this.read(id, 'FULL');
      if (result && isFinished(result.status) && !reading.changed) this.#finished.set(id, result);
      return result;
    } finally {
      if (this.#beingRead.get(id) === reading) this.#beingRead.delete(id);
    }
  }

  /** This result has changed or is gone. */
  forget(id: string): void {
    this.#finished.delete(id);
    const reading = this.#beingRead.get(id);
    if (!reading) return;
    reading.changed = true;
    // Whoever asks from now on reads anew, and may remember that.
    this.#beingRead.delete(id);
  }

  /** Changes may have gone unnoticed. */
  forgetAll(): void {
    this.#finished.clear();
    for (const id of [...this.#beingRead.keys()]) this.forget(id);
  }
}

function sizeOf({ argsJson, kwargsJson, returnValueJson, errors }: TaskResult): number {
  const ofErrors = errors.reduce((sum, { message, traceback }) => sum + message.length + traceback.length + 200, 0);
  // Two bytes a character, and one or more once it has been encoded for an answer.
  return ENTRY_BYTES + 3 * (argsJson.length + kwargsJson.length + (returnValueJson?.length ?? 0) + ofErrors);
}
