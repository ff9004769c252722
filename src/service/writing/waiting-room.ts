/** Between two tries of one id, at most: twice as long each time. */
const MIN_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1_000;

interface Guest {
  pauseMs: number;
  /** By the steady clock. */
  due: number;
}

/** Ids whose rows are locked elsewhere. They are tried again with growing pauses, apart from all others. */
export class WaitingRoom {
  readonly #guests = new Map<string, Guest>();
  /** Whether a round is under way or to come. */
  #isOpen = false;

  /** `tryAgain` never rejects. It calls `enter` or `leave` for each id that it has tried. */
  constructor(private readonly tryAgain: (ids: readonly string[]) => Promise<void>) {}

  /** Its row was found locked, for the first time or once more. */
  enter(id: string): void {
    const before = this.#guests.get(id);
    const pauseMs = before ? Math.min(2 * before.pauseMs, MAX_PAUSE_MS) : MIN_PAUSE_MS;
    // With jitter: a locked gap between rows holds up all results that are created along with one in it, so they part.
    const due = performance.now() + pauseMs * (0.5 + Math.random() / 2);
    this.#guests.set(id, { pauseMs, due });
    if (!this.#isOpen) this.#waitForRound();
  }

  leave(id: string): void {
    this.#guests.delete(id);
  }

  #waitForRound(): void {
    this.#isOpen = this.#guests.size > 0;
    if (this.#isOpen) setTimeout(() => void this.#round(), MIN_PAUSE_MS);
  }

  async #round(): Promise<void> {
    const now = performance.now();
    const due = [...this.#guests].filter(([, guest]) => guest.due <= now).map(([id]) => id);
    if (due.length > 0) await this.tryAgain(due);
    this.#waitForRound();
  }
}
