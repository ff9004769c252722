import type { CorrectedClock } from '../../domain/clock';
import { Stopwatch } from '../../domain/stopwatch';
import type { TaskResultStore } from '../../domain/store';
import type { Micros } from '../../domain/task-result';

/** Time between two corrections: for so long, a machine whose clock is set goes wrong. */
const ROUND_MS = 2_000;
/** Corrections at the start. The shortest round trip counts. */
const FIRST = 3;
/** A change of the offset that is told. */
const NOTABLE: Micros = 1_000_000;

/**
 * Keeps the service's time that of the store, which all replicas share. So leases and retention end when they should,
 * whatever the clocks of their machines say.
 */
export class Timekeeper {
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> | null = null;
  #told: Micros = 0;

  constructor(
    private readonly store: TaskResultStore,
    private readonly clock: CorrectedClock,
    /** Called when the offset is another one by more than a second than at the last call, or at first than none. */
    private readonly onOffset: (offset: Micros) => void,
  ) {}

  /** Resolves when the time is right. */
  async start(): Promise<void> {
    for (let i = 0; i < FIRST; i++) if (!(await this.#correct())) return;
    this.#tell();
    this.#timer = setInterval(() => {
      // While the store is out of reach, the offset stays as it is, and whoever needs the store says so.
      this.#round ??= this.#correct()
        .then(() => this.#tell())
        .catch(() => {})
        .finally(() => {
          this.#round = null;
        });
    }, ROUND_MS);
  }

  /** Resolves when no correction is under way any more. */
  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#round;
  }

  /** Returns whether the store has a time of its own. */
  async #correct(): Promise<boolean> {
    const asked = new Stopwatch();
    const shown = await this.store.time();
    if (shown === null) return false;
    this.clock.correct(shown, asked.ms * 1_000);
    return true;
  }

  #tell(): void {
    const { offset } = this.clock;
    if (Math.abs(offset - this.#told) <= NOTABLE) return;
    this.#told = offset;
    this.onOffset(offset);
  }
}
