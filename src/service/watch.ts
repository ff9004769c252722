import { TaskResultsError } from '../domain/errors';
import type { Outline } from '../domain/store';
import { isFinished, type TaskResult, type TaskResultStatus, type View } from '../domain/task-result';
import { countThatFit } from './answer-budget';
import type { KnownResult } from './reads';
import type { Watcher, WatchHub } from './watch-hub';

export type EndReason = 'ALL_FINISHED' | 'MAX_AGE' | 'SHUTTING_DOWN';

export type WatchEvent =
  | { kind: 'snapshot'; result: TaskResult }
  | { kind: 'deleted'; id: string }
  | { kind: 'notFound'; id: string }
  | { kind: 'heartbeat' }
  | { kind: 'end'; reason: EndReason };

export interface WatchOptions {
  view: View;
  /** Goes on when every id is finished, deleted or not found. */
  keepOpen: boolean;
  heartbeatMs: number;
  maxAgeMs: number;
}

/** What one turn reads at most, beyond the first result: it is held while the reader is slow. */
const TURN_BYTES = 256 * 1024;

/** Between two tries to read while the store is out of reach. */
const STORE_RETRY_MS = 500;

/**
 * One watch of results by id. Events are pulled: rows are read when the caller asks for the next event, so that a slow
 * reader costs its ids and one turn, and skips revisions in between.
 */
export class Watch implements Watcher {
  /** Everything still followed, with the revision the reader has; 0: none. */
  readonly #known: Map<string, number>;
  /** Ids that may have something newer. */
  readonly #dirty: Set<string>;
  /** Ids that the reader knows to be missing. Only with keepOpen. */
  readonly #missing = new Set<string>();
  #shuttingDown = false;
  #wake: () => void = () => {};

  constructor(
    private readonly hub: WatchHub,
    asked: readonly KnownResult[],
    private readonly options: WatchOptions,
  ) {
    this.#known = new Map([...asked].reverse().map(({ id, revision }) => [id, revision]));
    this.#dirty = new Set(asked.map(({ id }) => id));
  }

  ids(): Iterable<string> {
    return this.#known.keys();
  }

  known(id: string): number {
    return this.#known.get(id) ?? 0;
  }

  wake(id: string): void {
    this.#dirty.add(id);
    this.#wake();
  }

  shutDown(): void {
    this.#shuttingDown = true;
    this.#wake();
  }

  /** The events, up to `end`, or until `signal` is aborted. Throws what the store throws only before the first event. */
  async *events(signal: AbortSignal): AsyncGenerator<WatchEvent, void> {
    const { heartbeatMs, maxAgeMs } = this.options;
    const opened = performance.now();
    const endsAt = opened + maxAgeMs * (0.9 + 0.2 * Math.random());
    let beatsAt = opened + heartbeatMs;
    let readsAt = opened;
    this.hub.enter(this);
    try {
      for (let told = false; !signal.aborted; ) {
        const now = performance.now();
        if (this.#shuttingDown) return yield { kind: 'end', reason: 'SHUTTING_DOWN' };
        if (now >= endsAt) return yield { kind: 'end', reason: 'MAX_AGE' };
        let events: WatchEvent[] = [];
        if (this.#dirty.size > 0 && now >= readsAt) {
          try {
            events = await this.#turn();
          } catch (error) {
            if (!told || !isOutage(error)) throw error;
            readsAt = now + STORE_RETRY_MS;
          }
        }
        if (events.length === 0 && this.#known.size === 0) return yield { kind: 'end', reason: 'ALL_FINISHED' };
        if (events.length === 0 && now >= beatsAt) events = [{ kind: 'heartbeat' }];
        for (const event of events) yield event;
        if (events.length > 0) {
          told = true;
          beatsAt = performance.now() + heartbeatMs;
        } else if (this.#dirty.size === 0 || readsAt > now) {
          await this.#woken(Math.min(beatsAt, endsAt, this.#dirty.size > 0 ? readsAt : beatsAt) - now, signal);
        }
      }
    } finally {
      this.hub.leave(this);
    }
  }

  /** Reads what may be newer, as much as fits in a turn, and tells what has become of it. */
  async #turn(): Promise<WatchEvent[]> {
    const ids = [...this.#dirty];
    const worthReading = ids.length === 1 ? ids : await this.#newer(ids);
    for (const id of worthReading) this.#dirty.delete(id);
    try {
      const results = await Promise.all(worthReading.map((id) => this.hub.read(id, this.options.view)));
      return worthReading.flatMap((id, i) => this.#takeNote(id, results[i] ?? null));
    } catch (error) {
      for (const id of worthReading) this.#dirty.add(id);
      throw error;
    }
  }

  /** Those of `ids` that the reader has no or another revision of, as many as fit in a turn. The rest stay dirty. */
  async #newer(ids: readonly string[]): Promise<string[]> {
    const outlines = await Promise.all(ids.map((id) => this.hub.outline(id)));
    const present: Outline[] = [];
    const gone: string[] = [];
    ids.forEach((id, i) => {
      const outline = outlines[i];
      if (!outline) gone.push(id);
      else if (outline.revision !== this.known(id)) present.push(outline);
      else {
        this.#dirty.delete(id);
        this.#settle(id, outline.status);
      }
    });
    const fitting = present.slice(0, countThatFit(present, this.options.view, TURN_BYTES));
    return [...gone, ...fitting.map(({ id }) => id)];
  }

  #takeNote(id: string, result: TaskResult | null): WatchEvent[] {
    const known = this.#known.get(id);
    if (known === undefined) return [];
    if (result === null) return this.#takeNoteOfAbsence(id, known);
    this.#missing.delete(id);
    if (result.revision === known) {
      this.#settle(id, result.status);
      return [];
    }
    this.#known.set(id, result.revision);
    this.#settle(id, result.status);
    const snapshot: WatchEvent = { kind: 'snapshot', result };
    // An older revision than the known one is another result, created under the id of one that was deleted.
    return result.revision < known ? [{ kind: 'deleted', id }, snapshot] : [snapshot];
  }

  #takeNoteOfAbsence(id: string, known: number): WatchEvent[] {
    if (this.#missing.has(id)) return [];
    if (this.options.keepOpen) {
      this.#known.set(id, 0);
      this.#missing.add(id);
    } else {
      this.#drop(id);
    }
    return [{ kind: known > 0 ? 'deleted' : 'notFound', id }];
  }

  /** A finished result changes no more: unless the watch is kept open, there is nothing left to follow. */
  #settle(id: string, status: TaskResultStatus): void {
    if (isFinished(status) && !this.options.keepOpen) this.#drop(id);
  }

  #drop(id: string): void {
    this.#known.delete(id);
    this.#dirty.delete(id);
    this.hub.forget(this, id);
  }

  #woken(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        this.#wake = () => {};
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, ms));
      signal.addEventListener('abort', wake);
      this.#wake = wake;
      if (signal.aborted || this.#shuttingDown) wake();
    });
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof TaskResultsError && error.reason === 'STORE_UNAVAILABLE';
}
