import { sleep } from './cancellation';
import { CancelledError, type TaskResultsError } from './errors';
import { Pauses } from './pauses';
import { isLoss } from './retry-rule';
import type { CallOptions } from './task-result';

/** Renews the lease of an attempt at each third of its time, until it is released. */
export class Lease {
  readonly #lost = new AbortController();
  readonly #released = new AbortController();
  readonly #kept: Promise<void>;

  constructor(
    private readonly renew: (options: CallOptions) => Promise<unknown>,
    private readonly leaseMs: number,
  ) {
    this.#kept = this.#keep();
  }

  /** Aborted when the attempt is lost; the reason is the error that said so. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Resolves once no renewal is in flight any more. */
  async release(): Promise<void> {
    this.#released.abort();
    await this.#kept;
  }

  /** Never rejects: the report of the outcome will show whether the lease was renewed in time. */
  async #keep(): Promise<void> {
    const signal = this.#released.signal;
    const thirdMs = this.leaseMs / 3;
    const pauses = new Pauses();
    let pauseMs = thirdMs;
    while (!this.lost.aborted) {
      try {
        await sleep(pauseMs, signal);
        await this.renew({ timeoutMs: thirdMs, signal });
        pauses.reset();
        pauseMs = thirdMs;
      } catch (error) {
        // It was released, or the client is closed.
        if (error instanceof CancelledError) return;
        if (isLoss(error)) this.#lost.abort(error);
        // It may have taken a third of the lease: after another one, that would be over.
        pauseMs = Math.min(pauses.next(error as TaskResultsError), thirdMs);
      }
    }
  }
}
