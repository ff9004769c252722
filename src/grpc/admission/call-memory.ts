/**
 * Memory that all calls of the process share: how many bytes of it there are, how many are held, and how many have been
 * promised to calls that may come to hold them. A promise keeps others from another one, and from nothing else.
 */
export class SharedMemory {
  #held = 0;
  #peak = 0;
  #promised = 0;

  constructor(private readonly limit: number) {}

  get free(): number {
    return this.limit - this.#held;
  }

  get freeOfPromises(): number {
    return this.free - this.#promised;
  }

  promise(bytes: number): void {
    this.#promised += bytes;
  }

  hold(bytes: number): void {
    this.#held += bytes;
    if (this.#held > this.#peak) this.#peak = this.#held;
  }

  /** How much less is held than once since this was asked last. */
  takeFallen(): number {
    const fallen = this.#peak - this.#held;
    this.#peak = this.#held;
    return fallen;
  }
}

/**
 * What the calls of one connection hold of it. A connection may hold as much as is free: one alone half of all, two a
 * third each, and however many there are, something is left for one that holds little.
 */
export class ConnectionMemory {
  #held = 0;
  #promised = 0;

  constructor(private readonly shared: SharedMemory) {}

  /** Nothing more is to be begun. What has been begun is counted, however much it is. */
  get isSpent(): boolean {
    return this.#held >= this.shared.free;
  }

  /** What can wait is not to be begun: half of what may be held is, or has been promised. */
  get isCrowded(): boolean {
    return 2 * (this.#held + this.#promised) >= this.shared.freeOfPromises;
  }

  /** A negative number takes it back. */
  promise(bytes: number): void {
    this.#promised += bytes;
    this.shared.promise(bytes);
  }

  /** A negative number is released. */
  hold(bytes: number): void {
    this.#held += bytes;
    this.shared.hold(bytes);
  }
}

/**
 * What one call holds of the memory of its connection, until it is over: `least` in any case, and `unread` until its
 * request has been read.
 */
export class CallMemory {
  #held: number;
  #isOver = false;

  constructor(
    private readonly connection: ConnectionMemory,
    private readonly least: number,
    private unread = 0,
  ) {
    this.#held = least + unread;
    connection.hold(this.#held);
  }

  get isSpent(): boolean {
    return this.connection.isSpent;
  }

  get isCrowded(): boolean {
    return this.connection.isCrowded;
  }

  hold(bytes: number): void {
    if (this.#isOver) return;
    this.#held += bytes;
    this.connection.hold(bytes);
  }

  release(bytes: number): void {
    this.hold(-Math.min(bytes, this.#held - this.least));
  }

  /** The request has been read: it can turn out no larger any more. */
  requestRead(): void {
    this.release(this.unread);
    this.unread = 0;
  }

  /** See ConnectionMemory.promise. */
  promise(bytes: number): void {
    this.connection.promise(bytes);
  }

  /** Releases all. What is held or released afterwards does not count. */
  end(): void {
    this.hold(-this.#held);
    this.#isOver = true;
  }
}
