import { Stopwatch } from '../../domain/stopwatch';
import type { Change, TaskResultStore } from '../../domain/store';
import { type Version, versionOf } from '../../domain/version';
import { BoundedStore } from '../bounded-store';
import { ChangeCursor } from './change-cursor';

/** Entries of one poll. */
const PAGE = 1_000;
/** At start, that many of the newest entries are read again: one that commits late may lie among them. */
const LOOK_BACK = 1_000;
/** Pause between two polls while nobody watches: well below what the cache of results trusts. */
const IDLE_MS = 200;
/** A poll that is not answered within this time has failed: no link says that it is dead. */
const POLL_TIMEOUT_MS = 5_000;
/**
 * How often the feed checks that the log still reaches back to where the feed stood at the last check. Entries are kept
 * for a minute at least, but a process may have been suspended for longer, or somebody's clock is wrong.
 */
const CHECK_MS = 10_000;
/** Longest pause after a poll that failed. */
const MAX_BACK_OFF_MS = 2_000;

export interface FeedOptions {
  /** Pause between two polls while things change. */
  pollFastMs: number;
  /** Pause between two polls while nothing changes. */
  pollSlowMs: number;
}

/** Who hears of changes. Every method must return at once. */
export interface ChangeListener {
  /** A result has this version now, or had it and has a newer one, or is gone. One change may be announced twice. */
  changed(id: string, version: Version): void;
  /** Any result may have changed without an announcement. */
  missed(): void;
  /** Everything that was committed before `since` began has been announced. */
  upToDate?(since: Stopwatch): void;
  /** The log cannot be read for now. */
  failed?(): void;
}

/** How far the feed had come at its last check of the log. */
interface Checked {
  position: number;
  since: Stopwatch;
}

/**
 * Announces changes of results: those of this process at once, and those of every process as it reads the change log of
 * the store. One loop of polls, whatever the number of listeners and of watches.
 */
export class ChangeFeed {
  readonly #store: TaskResultStore;
  readonly #listeners: ChangeListener[] = [];
  #wanted = false;
  #stopped = false;
  #loop: Promise<void> | null = null;
  #endPause: () => void = () => {};

  constructor(
    store: TaskResultStore,
    private readonly options: FeedOptions,
    /** Called for each poll that fails; the feed goes on. */
    private readonly onError: (error: unknown) => void,
  ) {
    this.#store = new BoundedStore(store, POLL_TIMEOUT_MS);
  }

  subscribe(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  /** Resolves when the place in the log is known: all that is committed from then on will be announced. */
  async start(): Promise<void> {
    const { newest, step } = await this.#store.changeLog();
    const checked = { position: newest, since: new Stopwatch() };
    this.#loop = this.#run(new ChangeCursor(Math.max(0, newest - LOOK_BACK), step), checked);
  }

  /** Whether somebody waits for changes; otherwise polls are rare. */
  set wanted(wanted: boolean) {
    if (wanted && !this.#wanted) this.#endPause();
    this.#wanted = wanted;
  }

  /** Resolves when no poll is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endPause();
    await this.#loop;
  }

  /** Tells the listeners of a change, as one of this process that is durable now. */
  announce(id: string, version: Version): void {
    for (const listener of this.#listeners) listener.changed(id, version);
  }

  async #run(cursor: ChangeCursor, checked: Checked): Promise<void> {
    const { pollFastMs, pollSlowMs } = this.options;
    let pause = pollSlowMs;
    let hasFailed = false;
    while (!this.#stopped) {
      try {
        if (hasFailed || checked.since.ms >= CHECK_MS) {
          const since = new Stopwatch();
          cursor = await this.#checkLog(cursor, checked);
          checked = { position: Math.max(checked.position, cursor.position), since };
          hasFailed = false;
        }
        // It counts from before the poll: the process may be suspended while the answer is on its way.
        const since = new Stopwatch();
        const count = await this.#poll(cursor);
        if (count === PAGE) continue;
        for (const listener of this.#listeners) listener.upToDate?.(since);
        pause = count > 0 ? pollFastMs : Math.min(pause * 2, pollSlowMs);
      } catch (error) {
        if (this.#stopped) return; // the store may be closed
        for (const listener of this.#listeners) listener.failed?.();
        this.onError(error);
        hasFailed = true;
        pause = Math.min(Math.max(pause, pollSlowMs) * 2, MAX_BACK_OFF_MS);
      }
      await this.#pause(this.#wanted ? pause : Math.max(pause, IDLE_MS));
    }
  }

  /**
   * Tells the listeners when the feed may have missed entries. Returns the cursor to go on with: mostly the same one;
   * another one where the log has gone back, as after a failover to a server that lacks the last entries, or where its
   * numbers go in other steps.
   */
  async #checkLog(cursor: ChangeCursor, checked: Checked): Promise<ChangeCursor> {
    const { oldest, newest, step } = await this.#store.changeLog();
    const hasGoneBack = newest < Math.max(checked.position, cursor.position);
    const isTrimmed = oldest > checked.position + 1;
    if (hasGoneBack || isTrimmed || step !== cursor.step || cursor.takeGivenUp()) {
      for (const listener of this.#listeners) listener.missed();
    }
    if (!hasGoneBack && step === cursor.step) return cursor;
    checked.position = newest;
    return new ChangeCursor(Math.max(0, newest - LOOK_BACK), step);
  }

  /** Returns how many entries it found behind the cursor. */
  async #poll(cursor: ChangeCursor): Promise<number> {
    const due = cursor.due(performance.now());
    if (due.length > 0) {
      const late = await this.#store.changesWithin(due);
      cursor.fill(due, late, performance.now());
      this.#announceAll(late);
    }
    const changes = await this.#store.changesAfter(cursor.position, PAGE);
    cursor.advance(changes, performance.now());
    this.#announceAll(changes);
    return changes.length;
  }

  #announceAll(changes: readonly Change[]): void {
    for (const change of changes) this.announce(change.taskId, versionOf(change));
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
