import type { Change, TaskResultStore } from '../domain/store';
import { ChangeCursor } from './change-cursor';

/** Entries of one poll. */
const PAGE = 1_000;
/** At start, that many of the newest entries are read again: one that commits late may lie among them. */
const LOOK_BACK = 1_000;
/** Pause between two polls while nobody watches. */
const IDLE_MS = 500;
/** Longest pause after a poll that failed. */
const MOST_BACK_OFF_MS = 2_000;

export interface FeedOptions {
  /** Pause between two polls while things change. */
  pollFastMs: number;
  /** Pause between two polls while nothing changes. */
  pollSlowMs: number;
}

/** Reads the change log of the store, and so learns of writes of every process. One loop, whatever the number of watchers. */
export class ChangeFeed {
  #cursor: ChangeCursor | null = null;
  #wanted = false;
  #stopped = false;
  #loop: Promise<void> | null = null;
  #wake: () => void = () => {};

  constructor(
    private readonly store: TaskResultStore,
    private readonly options: FeedOptions,
    private readonly onChange: (change: Change) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Resolves when the place in the log is known: all that is committed from then on will be told. */
  async start(): Promise<void> {
    this.#cursor = new ChangeCursor(Math.max(0, (await this.store.newestChange()) - LOOK_BACK));
    this.#loop = this.#run(this.#cursor);
  }

  /** Whether anybody wants to know; otherwise polls are rare. */
  set wanted(wanted: boolean) {
    if (wanted && !this.#wanted) this.#wake();
    this.#wanted = wanted;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
  }

  async #run(cursor: ChangeCursor): Promise<void> {
    const { pollFastMs, pollSlowMs } = this.options;
    let pause = pollSlowMs;
    while (!this.#stopped) {
      try {
        const seen = await this.#poll(cursor);
        if (seen === PAGE) continue;
        pause = seen > 0 ? pollFastMs : Math.min(pause * 2, pollSlowMs);
      } catch (error) {
        this.onError(error);
        pause = Math.min(Math.max(pause, pollSlowMs) * 2, MOST_BACK_OFF_MS);
      }
      await this.#pause(this.#wanted ? pause : Math.max(pause, IDLE_MS));
    }
  }

  async #poll(cursor: ChangeCursor): Promise<number> {
    if (cursor.holes.length > 0) {
      const late = await this.store.changesWithin(cursor.holes);
      cursor.fill(late, performance.now());
      for (const change of late) this.onChange(change);
    }
    const changes = await this.store.changesAfter(cursor.position, PAGE);
    cursor.advance(changes, performance.now());
    for (const change of changes) this.onChange(change);
    return changes.length;
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
