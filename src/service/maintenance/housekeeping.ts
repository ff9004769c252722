import { ITSELF } from '../../domain/caller';
import { TaskResultsError } from '../../domain/errors';
import type { Outline, TaskResultStore } from '../../domain/store';
import type { Clock, Micros } from '../../domain/task-result';
import { versionOf } from '../../domain/version';
import type { Lifecycle } from '../writing/lifecycle';

/** Time between two rounds. */
const ROUND_MS = 10_000;
/** Rows of one statement: few, so that nobody waits long for their locks. */
const CHUNK = 500;

/** Removes what nobody needs any more: results whose time has run out, and old entries of the change log. */
export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  /** Gone once this is stopped: nothing waits for locked rows then. */
  readonly #itself = { ...ITSELF };

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

  /** Resolves when no round is under way any more. */
  async stop(): Promise<void> {
    this.#itself.isGone = true;
    if (this.#timer) clearInterval(this.#timer);
    await this.#round;
  }

  async #tidy(): Promise<void> {
    await this.#repeat(() => this.store.trimChanges(this.changeLogRetention, CHUNK));
    // Last, since it may have to wait for rows that are locked elsewhere.
    await this.#repeat(() => this.#removeExpired());
  }

  /** Repeats `chunk` for as long as it returns that there is more. */
  async #repeat(chunk: () => Promise<boolean>): Promise<void> {
    while (!this.#itself.isGone && (await chunk()));
  }

  async #removeExpired(): Promise<boolean> {
    const expired = await this.store.expired(this.clock(), CHUNK);
    const removals = await Promise.allSettled(expired.map((outline) => this.#remove(outline)));
    for (const removal of removals) if (removal.status === 'rejected' && !this.#itself.isGone) throw removal.reason;
    return expired.length === CHUNK;
  }

  /** The version makes sure that a result created under the same id in between is not taken for this one. */
  async #remove(outline: Outline): Promise<void> {
    try {
      const version = versionOf(outline);
      await this.lifecycle.record({ kind: 'delete', id: outline.id, version, allowMissing: true }, this.#itself);
    } catch (error) {
      // Somebody else has deleted it meanwhile, and perhaps created it anew.
      if (!(error instanceof TaskResultsError && error.reason === 'REVISION_MISMATCH')) throw error;
    }
  }
}
