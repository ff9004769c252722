import type { Change, TaskResultStore } from '../../domain/store';
import { type Version, versionOf } from '../../domain/version';
import { Stopwatch } from '../stopwatch';
import { ChangeCursor } from './change-cursor';

/** Entries of one poll. */
const PAGE = 1_000;
/** At start, that many of the newest entries are read again: one that commits late may lie among them. */
const LOOK_BACK = 1_000;
/** Pause between two polls while nobody watches. */
const IDLE_MS = 500;
/**
 * How often it is looked at whether the log still reaches back to where this reader stood the last time. Entries are
 * kept for a minute at least, but a process may have been suspended for longer, or somebody's clock is wrong.
 */
const REACH_MS = 10_000;
/** Longest pause after a poll that failed. */
const MOST_BACK_OFF_MS = 2_000;

export interface FeedOptions {
  /** Pause between two polls while things change. */
  pollFastMs: number;
  /** Pause between two polls while nothing changes. */
  pollSlowMs: number;
}

export interface FeedListener {
  /** A result has this version now, or had it and has a newer one. */
  changed(id: string, version: Version): void;
  /** All that was committed a moment ago has been told. */
  upToDate(): void;
  /** Changes may have gone unnoticed, of any result. */
  missed(): void;
  /** The log cannot be read for now: nobody knows what changes elsewhere. */
  failed(error: unknown): void;
}

/** How far a reader had come when it looked last at how far the log reaches. */
interface Reached {
  position: number;
  since: Stopwatch;
}

/**
 * Reads the change log of the store, and so learns of writes of every process. One loop, whatever the number of
 * watchers.
 */
export class ChangeFeed {
  #wanted = false;
  #stopped = false;
  #loop: Promise<void> | null = null;
  #wake: () => void = () => {};

  constructor(
    private readonly store: TaskResultStore,
    private readonly options: FeedOptions,
    private readonly listener: FeedListener,
  ) {}

  /** Resolves when the place in the log is known: all that is committed from then on will be told. */
  async start(): Promise<void> {
    const { newest, step } = await this.store.changeLog();
    const reached = { position: newest, since: new Stopwatch() };
    this.#loop = this.#run(new ChangeCursor(Math.max(0, newest - LOOK_BACK), step), reached);
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

  async #run(cursor: ChangeCursor, reached: Reached): Promise<void> {
    const { pollFastMs, pollSlowMs } = this.options;
    let pause = pollSlowMs;
    let hasFailed = false;
    while (!this.#stopped) {
      try {
        if (hasFailed || reached.since.ms >= REACH_MS) {
          cursor = await this.#inReach(cursor, reached);
          reached = { position: Math.max(reached.position, cursor.position), since: new Stopwatch() };
          hasFailed = false;
        }
        const seen = await this.#poll(cursor);
        if (seen === PAGE) continue;
        this.listener.upToDate();
        pause = seen > 0 ? pollFastMs : Math.min(pause * 2, pollSlowMs);
      } catch (error) {
        this.listener.failed(error);
        hasFailed = true;
        pause = Math.min(Math.max(pause, pollSlowMs) * 2, MOST_BACK_OFF_MS);
      }
      await this.#pause(this.#wanted ? pause : Math.max(pause, IDLE_MS));
    }
  }

  /**
   * The cursor itself, as long as nothing can have been missed. Another one where the log has gone back, as after a
   * failover to a server that lacks the last entries, or where its numbers go in other steps.
   */
  async #inReach(cursor: ChangeCursor, reached: Reached): Promise<ChangeCursor> {
    const { oldest, newest, step } = await this.store.changeLog();
    const hasGoneBack = newest < Math.max(reached.position, cursor.position);
    const isTrimmed = oldest > reached.position + 1;
    if (hasGoneBack || isTrimmed || step !== cursor.step || cursor.takeGivenUp()) this.listener.missed();
    if (!hasGoneBack && step === cursor.step) return cursor;
    reached.position = newest;
    return new ChangeCursor(Math.max(0, newest - LOOK_BACK), step);
  }

  async #poll(cursor: ChangeCursor): Promise<number> {
    const due = cursor.due(performance.now());
    if (due.length > 0) {
      const late = await this.store.changesWithin(due);
      cursor.fill(due, late, performance.now());
      this.#tell(late);
    }
    const changes = await this.store.changesAfter(cursor.position, PAGE);
    cursor.advance(changes, performance.now());
    this.#tell(changes);
    return changes.length;
  }

  #tell(changes: readonly Change[]): void {
    for (const change of changes) this.listener.changed(change.taskId, versionOf(change));
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
