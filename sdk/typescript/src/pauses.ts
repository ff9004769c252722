import type { TaskResultsError } from './errors';
import { tellsLimit } from './retry-rule';

/** From `nextMs`, each pause is twice as long as the one before, up to `maxMs`. */
interface Growth {
  nextMs: number;
  readonly maxMs: number;
}

/** Growing pauses between tries, with jitter: many clients of a server that went away do not come back all at once. */
export class Pauses {
  #ordinary = ordinary();
  /** What is full does not empty in a moment. */
  #atLimit = atLimit();

  /** Milliseconds before the next try after this failure, or the end of a stream: at least what the server asks for. */
  next(failure: TaskResultsError | null): number {
    const growth = failure && tellsLimit(failure) ? this.#atLimit : this.#ordinary;
    const pause = growth.nextMs * (0.5 + Math.random() / 2);
    growth.nextMs = Math.min(growth.nextMs * 2, growth.maxMs);
    return Math.max(pause, failure?.retryAfterMs ?? 0);
  }

  /** It worked: the next pause is short again. */
  reset(): void {
    this.#ordinary = ordinary();
    this.#atLimit = atLimit();
  }
}

const ordinary = (): Growth => ({ nextMs: 100, maxMs: 2_000 });
const atLimit = (): Growth => ({ nextMs: 1_000, maxMs: 10_000 });
