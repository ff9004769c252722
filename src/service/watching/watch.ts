import type { Caller } from '../../domain/caller';
import { TaskResultsError } from '../../domain/errors';
import type { Outline } from '../../domain/store';
import type { TaskResult, View } from '../../domain/task-result';
import { isNewer, NO_VERSION, type Version } from '../../domain/version';
import type { FairTurns } from '../fair-turns';
import { MAX_IDS_IN_FLIGHT } from '../reading/batch-loader';
import type { ResultCache } from '../reading/result-cache';
import { noAnswerWithin } from '../time-bound';
import { type Newer, readNewer } from './read-newer';

export type EndReason = 'ALL_FINISHED' | 'MAX_AGE' | 'SHUTTING_DOWN';

export type WatchEvent =
  | { kind: 'snapshot'; result: TaskResult }
  /** The version is the one that was known. If it was replaced, the snapshot of the result created anew comes next. */
  | { kind: 'deleted'; id: string; version: Version; isReplaced: boolean }
  | { kind: 'notFound'; id: string }
  | { kind: 'unmatched'; id: string; version: Version }
  | { kind: 'heartbeat' }
  | { kind: 'end'; reason: EndReason };

/** Where the events of a watch go: the stream of a client. */
export interface Sink {
  readonly caller: Caller;
  /** False: nothing is to be read for now, since too much is waiting. To be asked again later. */
  hasRoom(): boolean;
  /** Takes an event. False: no more until `Watch.resume`, except for the rest of what has been read already. */
  send(event: WatchEvent): boolean;
  /** The watch is over: after `end`, or because of an error. Called once, and not after `Watch.close`. */
  over(error: unknown): void;
}

export interface WatchTimes {
  /** How long the first read may take. */
  firstReadMs: number;
  /** Longest silence. */
  heartbeatMs: number;
  /** Give or take a tenth, so that watches opened together do not end together. */
  maxAgeMs: number;
}

/** Between two tries to read while the store is out of reach, or the sink has no room. */
const RETRY_MS = 500;

/** The longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * One watch: the hub marks ids as dirty, and the watch reads them when the sink has room, one bounded read at a time. A
 * slow client so costs a set of ids and one read, never a queue of results, and skips revisions in between. The watch
 * also sends heartbeats, and ends by itself at its greatest age. The first read must succeed, and soon; after that, a
 * store that is out of reach is waited for. Reads of many results wait for their turns.
 */
export abstract class Watch {
  /** The versions that the client has, as far as this watch follows their results. */
  protected readonly held = new Map<string, Version>();
  /** Ids of which the client may not have the newest version, each with the newest one that has been announced. */
  protected readonly dirty = new Map<string, Version>();
  readonly #firstReadBy: number;
  readonly #endsAt: number;
  #quietSince = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #isReading = false;
  #hasRead = false;
  #isSinkFull = false;
  #mustPause = false;
  #isShuttingDown = false;
  #isClosed = false;

  constructor(
    private readonly cache: ResultCache,
    private readonly turns: FairTurns,
    private readonly view: View,
    private readonly times: WatchTimes,
    private readonly sink: Sink,
  ) {
    this.#firstReadBy = this.#quietSince + times.firstReadMs;
    this.#endsAt = this.#quietSince + times.maxAgeMs * (0.9 + 0.2 * Math.random());
  }

  /** Asks the hub to be woken from now on. Throws LIMIT_REACHED or SHUTTING_DOWN. */
  protected abstract enter(): void;

  /** Asks the hub for no more of that. */
  protected abstract leave(): void;

  /** Nothing is left to follow. */
  protected abstract get isSettled(): boolean;

  /** Sends what the client must know of a result that has been read. */
  protected abstract onResult(result: TaskResult): void;

  /** The same for an id that no result has. */
  protected abstract onAbsent(id: string): void;

  /** The client has this version already. */
  protected onUnchanged(_outline: Outline): void {}

  /** Something is to be read. */
  protected get isPending(): boolean {
    return this.dirty.size > 0;
  }

  /** The next read is one of many results, which waits for its turn. */
  protected get isReadOfMany(): boolean {
    return this.dirty.size > MAX_IDS_IN_FLIGHT;
  }

  protected readNext(): Promise<Newer> {
    return readNewer(this.cache, this.dirty, this.held, this.view);
  }

  /** Throws LIMIT_REACHED or SHUTTING_DOWN. */
  open(): void {
    this.enter();
    this.#setTimer();
    this.pump();
  }

  /** The sink has room again. */
  resume(): void {
    this.#isSinkFull = false;
    this.pump();
  }

  /** Nobody wants to know any more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.leave();
  }

  /** The version that need not be announced to this watch, nor any older one. */
  known(id: string): Version {
    return this.held.get(id) ?? NO_VERSION;
  }

  /** This version is there, or was and there is a newer one. Returns at once. */
  wake(id: string, version: Version): void {
    this.mark(id, version);
    this.pump();
  }

  /** Results may have changed without an announcement. For watches by filter; ids are looked at by the hub itself. */
  recheck(): void {}

  /** The server is stopping. */
  shutDown(): void {
    this.#isShuttingDown = true;
    this.pump();
  }

  protected mark(id: string, version: Version): void {
    if (isNewer(version, this.dirty.get(id) ?? NO_VERSION)) this.dirty.set(id, version);
  }

  protected send(event: WatchEvent): void {
    this.#quietSince = performance.now();
    if (!this.sink.send(event)) this.#isSinkFull = true;
  }

  /** Does what is to be done next, if anything. */
  protected pump(): void {
    if (this.#isClosed) return;
    // Even while a read is in flight: the store may hang.
    if (this.#isShuttingDown) this.#end('SHUTTING_DOWN');
    else if (this.#isReading || this.#isSinkFull || this.#mustPause) return;
    else if (this.isPending && !this.sink.hasRoom()) this.#retryLater();
    else if (this.isPending) {
      this.#isReading = true;
      this.#read().then(this.#onRead).catch(this.#onReadFailed);
    } else if (this.isSettled) this.#end('ALL_FINISHED');
  }

  #read(): Promise<Newer> {
    return this.isReadOfMany ? this.turns.run(this.sink.caller, () => this.readNext()) : this.readNext();
  }

  readonly #onRead = ({ unchanged, absent, results }: Newer): void => {
    this.#isReading = false;
    if (this.#isClosed) return;
    this.#hasRead = true;
    for (const outline of unchanged) this.onUnchanged(outline);
    for (const id of absent) this.onAbsent(id);
    for (const result of results) this.onResult(result);
    this.pump();
  };

  readonly #onReadFailed = (error: unknown): void => {
    this.#isReading = false;
    if (this.#isClosed) return;
    if (this.#hasRead && isOutage(error)) this.#retryLater();
    else this.#finish(error);
  };

  #retryLater(): void {
    this.#mustPause = true;
    setTimeout(() => {
      this.#mustPause = false;
      this.pump();
    }, RETRY_MS).unref();
    this.pump(); // the server may be stopping
  }

  /** One timer for all: the end of the first read, the next heartbeat that would be due, and the end of the watch. */
  #setTimer(): void {
    const now = performance.now();
    const firstReadBy = this.#hasRead ? Number.POSITIVE_INFINITY : this.#firstReadBy;
    const due = Math.min(firstReadBy, this.#quietSince + this.times.heartbeatMs, this.#endsAt) - now;
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.max(1, due), MAX_TIMER_MS));
  }

  readonly #onTimer = (): void => {
    const now = performance.now();
    if (now >= this.#endsAt) {
      this.#end('MAX_AGE');
      return;
    }
    if (!this.#hasRead && now >= this.#firstReadBy) {
      this.#finish(noAnswerWithin(this.times.firstReadMs));
      return;
    }
    if (now >= this.#quietSince + this.times.heartbeatMs) {
      // A client that does not take what it has gets no more.
      if (this.#isSinkFull) this.#quietSince = now;
      else this.send({ kind: 'heartbeat' });
    }
    this.#setTimer();
  };

  #end(reason: EndReason): void {
    this.send({ kind: 'end', reason });
    this.#finish(null);
  }

  #finish(error: unknown): void {
    this.close();
    this.sink.over(error);
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof TaskResultsError && error.reason === 'STORE_UNAVAILABLE';
}
