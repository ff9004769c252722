import { TaskResultsError } from '../domain/errors';
import type { TaskResult, View } from '../domain/task-result';

export type EndReason = 'ALL_FINISHED' | 'MAX_AGE' | 'SHUTTING_DOWN';

export type WatchEvent =
  | { kind: 'snapshot'; result: TaskResult }
  | { kind: 'deleted'; id: string }
  | { kind: 'notFound'; id: string }
  | { kind: 'unmatched'; id: string; revision: number }
  | { kind: 'heartbeat' }
  | { kind: 'end'; reason: EndReason };

export interface WatchTimes {
  heartbeatMs: number;
  /** Give or take a tenth, so that watches opened together do not end together. */
  maxAgeMs: number;
}

/** What a watch follows. Rows are read in turns, and a turn is taken only when the reader asks for more. */
export interface Subject {
  readonly view: View;
  /** From now on there are wake-ups. */
  enter(alarm: Alarm): void;
  /** No more wake-ups. */
  leave(): void;
  /** Something may be newer than what was told. */
  readonly pending: boolean;
  /** Nothing is left to follow. */
  readonly settled: boolean;
  /** Reads a bounded part of what is pending, and tells what has become of it. */
  turn(): Promise<WatchEvent[]>;
}

/** Between two tries to read while the store is out of reach. */
const STORE_RETRY_MS = 500;

/**
 * The events of a watch, up to `end`, or until `signal` is aborted. Events are pulled: a slow reader costs what its subject
 * holds and one turn, and skips revisions in between. Throws what the store throws only before the first event; later, an
 * outage is waited out.
 */
export async function* watch(
  subject: Subject,
  times: WatchTimes,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, void> {
  const alarm = new Alarm();
  const wake = () => alarm.ring();
  const openedAt = performance.now();
  const endsAt = openedAt + times.maxAgeMs * (0.9 + 0.2 * Math.random());
  let beatsAt = openedAt + times.heartbeatMs;
  let readsAt = openedAt;
  let told = false;
  subject.enter(alarm);
  signal.addEventListener('abort', wake);
  try {
    while (!signal.aborted) {
      const now = performance.now();
      if (alarm.shuttingDown) return yield { kind: 'end', reason: 'SHUTTING_DOWN' };
      if (now >= endsAt) return yield { kind: 'end', reason: 'MAX_AGE' };

      let events: WatchEvent[] = [];
      if (subject.pending && now >= readsAt) {
        try {
          events = await subject.turn();
        } catch (error) {
          if (!told || !isOutage(error)) throw error;
          readsAt = now + STORE_RETRY_MS;
        }
      }
      if (events.length === 0 && subject.settled) return yield { kind: 'end', reason: 'ALL_FINISHED' };
      if (events.length === 0 && now >= beatsAt) events = [{ kind: 'heartbeat' }];
      for (const event of events) yield event;
      if (events.length > 0) {
        told = true;
        beatsAt = performance.now() + times.heartbeatMs;
      } else if (!subject.pending || now < readsAt) {
        await alarm.rung(Math.min(beatsAt, endsAt, subject.pending ? readsAt : beatsAt) - now);
      }
    }
  } finally {
    signal.removeEventListener('abort', wake);
    subject.leave();
  }
}

/** The longest time a timer takes. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** Wakes the one who waits for it; rings that nobody waits for are kept as one. */
export class Alarm {
  shuttingDown = false;
  #ringing = false;
  #wake: (() => void) | null = null;

  ring(): void {
    this.#ringing = true;
    this.#wake?.();
  }

  shutDown(): void {
    this.shuttingDown = true;
    this.ring();
  }

  /** Resolves at the next ring, at once if there was one since the last time, or after `ms`. */
  rung(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = null;
        this.#ringing = false;
        resolve();
      };
      const timer = setTimeout(wake, Math.min(Math.max(0, ms), MOST_TIMER_MS));
      this.#wake = wake;
      if (this.#ringing) wake();
    });
  }
}

function isOutage(error: unknown): boolean {
  return error instanceof TaskResultsError && error.reason === 'STORE_UNAVAILABLE';
}
