import { TaskResultsError } from '../../domain/errors';
import type { TaskResult, View } from '../../domain/task-result';
import type { Version } from '../../domain/version';

export type EndReason = 'ALL_FINISHED' | 'MAX_AGE' | 'SHUTTING_DOWN';

export type WatchEvent =
  | { kind: 'snapshot'; result: TaskResult }
  /** The version is the one that was known. If it was replaced, the snapshot of the result created anew comes next. */
  | { kind: 'deleted'; id: string; version: Version; isReplaced: boolean }
  | { kind: 'notFound'; id: string }
  | { kind: 'unmatched'; id: string; version: Version }
  | { kind: 'heartbeat' }
  | { kind: 'end'; reason: EndReason };

/** Who is told. */
export interface Sink {
  /** Takes an event. False: no more, please, until `Watch.resume`; at most the rest of a turn comes nevertheless. */
  send(event: WatchEvent): boolean;
  /** The watch is over: after `end`, or because of an error. Called once, and not after `Watch.close`. */
  over(error: unknown): void;
}

export interface WatchTimes {
  /** Longest silence. */
  heartbeatMs: number;
  /** Give or take a tenth, so that watches opened together do not end together. */
  maxAgeMs: number;
}

/** What a watch follows. Rows are read in turns, and a turn is taken only when the sink has room. */
export interface Subject {
  readonly view: View;
  /** From now on `ring` is called whenever something becomes pending, and `shutDown` when the server stops. */
  enter(bell: Bell): void;
  /** No more of that. */
  leave(): void;
  /** Something may be newer than what was told. */
  readonly pending: boolean;
  /** Nothing is left to follow. */
  readonly settled: boolean;
  /** Reads a bounded part of what is pending, and tells what has become of it. */
  turn(): Promise<WatchEvent[]>;
}

export interface Bell {
  ring(): void;
  shutDown(): void;
}

/** Between two tries to read while the store is out of reach. */
const STORE_RETRY_MS = 500;

/** The longest time a timer takes. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/**
 * One watch: takes turns of its subject while there is something to read and the sink has room, and keeps the line
 * warm. A slow reader so costs what its subject holds and one turn, and skips revisions in between. The first read must
 * succeed; a later outage of the store is waited out.
 */
export class Watch implements Bell {
  readonly #endsAt: number;
  #quietSince = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #turning = false;
  #blocked = false;
  #told = false;
  #retrying = false;
  #shuttingDown = false;
  #over = false;

  constructor(
    private readonly subject: Subject,
    private readonly times: WatchTimes,
    private readonly sink: Sink,
  ) {
    this.#endsAt = this.#quietSince + times.maxAgeMs * (0.9 + 0.2 * Math.random());
  }

  /** Throws LIMIT_REACHED or SHUTTING_DOWN. */
  open(): void {
    this.subject.enter(this);
    this.#arm();
    this.#pump();
  }

  /** The sink has room again. */
  resume(): void {
    this.#blocked = false;
    this.#pump();
  }

  /** Nobody wants to know any more. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.subject.leave();
  }

  ring(): void {
    this.#pump();
  }

  shutDown(): void {
    this.#shuttingDown = true;
    this.#pump();
  }

  #pump(): void {
    if (this.#over || this.#turning) return;
    if (this.#shuttingDown) this.#end('SHUTTING_DOWN');
    else if (this.#blocked || this.#retrying) return;
    else if (this.subject.pending) {
      this.#turning = true;
      this.subject.turn().then(this.#onTurn).catch(this.#onTurnFailed);
    } else if (this.subject.settled) this.#end('ALL_FINISHED');
  }

  readonly #onTurn = (events: WatchEvent[]): void => {
    this.#turning = false;
    if (this.#over) return;
    this.#told = true;
    for (const event of events) this.#send(event);
    this.#pump();
  };

  readonly #onTurnFailed = (error: unknown): void => {
    this.#turning = false;
    if (this.#over) return;
    if (this.#told && isOutage(error)) this.#retryLater();
    else this.#finish(error);
  };

  #retryLater(): void {
    this.#retrying = true;
    setTimeout(() => {
      this.#retrying = false;
      this.#pump();
    }, STORE_RETRY_MS).unref();
    this.#pump(); // the server may be stopping
  }

  #send(event: WatchEvent): void {
    this.#quietSince = performance.now();
    if (!this.sink.send(event)) this.#blocked = true;
  }

  /** One timer for both: the next heartbeat that would be due, and the end. */
  #arm(): void {
    const now = performance.now();
    const due = Math.min(this.#quietSince + this.times.heartbeatMs, this.#endsAt) - now;
    this.#timer = setTimeout(this.#onTimer, Math.min(Math.max(1, due), MOST_TIMER_MS));
  }

  readonly #onTimer = (): void => {
    const now = performance.now();
    if (now >= this.#endsAt) {
      this.#end('MAX_AGE');
      return;
    }
    if (now >= this.#quietSince + this.times.heartbeatMs) {
      // A reader that does not take what it has gets no more.
      if (this.#blocked) this.#quietSince = now;
      else this.#send({ kind: 'heartbeat' });
    }
    this.#arm();
  };

  #end(reason: EndReason): void {
    this.#send({ kind: 'end', reason });
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
