import type { TaskResultStore } from '../domain/store';
import type { Clock, Micros } from '../domain/task-result';
import type { Lifecycle } from './lifecycle';

/** Between two rounds. */
const ROUND_MS = 10_000;
/** Rows of one statement: small, so that nobody waits for it. */
const CHUNK = 500;

/** Removes what nobody needs any more: results whose time has run out, and old entries of the change log. */
export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #stopped = false;

  constructor(
    private readonly store: TaskResultStore,
    private readonly lifecycle: Lifecycle,
    private readonly clock: Clock,
    private readonly changeLogRetention: Micros,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#round ??= this.#tidy()
        .catch(this.onError)
        .finally(() => {
          this.#round = null;
        });
    }, ROUND_MS);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#round;
  }

  async #tidy(): Promise<void> {
    await this.#repeat(() => this.#removeExpired());
    await this.#repeat(() => this.store.trimChanges(this.clock() - this.changeLogRetention, CHUNK));
  }

  /** Until a chunk was not full. */
  async #repeat(chunk: () => Promise<number>): Promise<void> {
    while (!this.#stopped && (await chunk()) === CHUNK);
  }

  async #removeExpired(): Promise<number> {
    const expired = await this.store.expired(this.clock(), CHUNK);
    // The revision makes sure that a result created under the same id in between is not taken for it.
    await Promise.all(
      expired.map(({ id, revision }) => this.lifecycle.record({ kind: 'delete', id, revision, allowMissing: true })),
    );
    return expired.length;
  }
}
