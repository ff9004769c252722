import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, TaskResultsError } from './errors';

/**
 * A signal for one piece of work, aborted when any of `sources` is. Once it is released, long-lived sources hold
 * nothing of it, as they would of `AbortSignal.any`.
 */
export class Cancellation {
  readonly #controller = new AbortController();
  readonly #sources: readonly AbortSignal[];

  constructor(...sources: readonly (AbortSignal | undefined)[]) {
    this.#sources = sources.filter((source) => source !== undefined);
    for (const source of this.#sources) {
      // Thousands of calls may well share one; none leaves a listener behind.
      setMaxListeners(0, source);
      if (source.aborted) this.#controller.abort(source.reason);
      else source.addEventListener('abort', this.#onAbort);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: TaskResultsError): void {
    this.#controller.abort(reason);
  }

  release(): void {
    for (const source of this.#sources) source.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = ({ target }: Event): void => this.#controller.abort((target as AbortSignal).reason);
}

/**
 * What is thrown for work that `signal` has ended: its reason, when that is an error of this package. Everybody gets a
 * CancelledError of their own, as each may be given a cause.
 */
export function cancelled({ reason }: AbortSignal): TaskResultsError {
  if (reason instanceof CancelledError) return new CancelledError(reason.message, reason.cause);
  return reason instanceof TaskResultsError ? reason : new CancelledError('cancelled by the caller', reason);
}

/** What ends all that is under way when a client is closed. */
export function clientClosed(): CancelledError {
  return new CancelledError('the client is closed');
}

export function throwIfCancelled(...signals: readonly (AbortSignal | undefined)[]): void {
  for (const signal of signals) if (signal?.aborted) throw cancelled(signal);
}

/** Rejects when one of `signals` is aborted meanwhile. */
export async function sleep(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  const cancellation = new Cancellation(...signals);
  try {
    await delay(ms, undefined, { signal: cancellation.signal });
  } catch {
    throw cancelled(cancellation.signal);
  } finally {
    cancellation.release();
  }
}
