import { EventEmitter, once } from 'node:events';
import { type TaskResult, TaskResultsError } from '@taskresults/client';
import { describeHandle } from './handle';

const PATIENCE_MS = 30_000;

/** What a watch has yielded so far. */
export class WatchLog {
  readonly #news = new EventEmitter();
  readonly #revisions: number[] = [];
  #last: TaskResult | null = null;
  #end: string | null = null;

  constructor(states: AsyncIterable<TaskResult>) {
    void this.#collect(states);
  }

  /** Resolves once a revision, or the end, was seen; after 30 s in any case. */
  async seen(until: number | 'finished' | 'ended'): Promise<object> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (!this.#hasSeen(until) && !signal.aborted) await once(this.#news, 'news', { signal }).catch(() => {});
    const last = this.#last && describeHandle(this.#last);
    return { revisions: this.#revisions, end: this.#end, last };
  }

  async #collect(states: AsyncIterable<TaskResult>): Promise<void> {
    try {
      for await (const state of states) {
        this.#revisions.push(state.revision);
        this.#last = state;
        this.#news.emit('news');
      }
      this.#end = 'finished';
    } catch (error) {
      this.#end = error instanceof TaskResultsError ? error.reason : String(error);
    }
    this.#news.emit('news');
  }

  #hasSeen(until: number | 'finished' | 'ended'): boolean {
    if (this.#end !== null) return true;
    return typeof until === 'number' && (this.#last?.revision ?? 0) >= until;
  }
}
