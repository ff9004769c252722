/** Passes values from one side to the other. Only the newest one is kept, so that a slow taker costs no memory. */
export class Latest<T> {
  #value: { value: T } | null = null;
  #error: { error: unknown } | null = null;
  #wake: () => void = () => {};

  put(value: T): void {
    this.#value = { value };
    this.#wake();
  }

  /** The next take throws, once a value that is still there has been taken. */
  fail(error: unknown): void {
    this.#error ??= { error };
    this.#wake();
  }

  /** Resolves with the newest value that was not taken yet. */
  async take(): Promise<T> {
    while (!this.#value && !this.#error) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#value) {
      const { value } = this.#value;
      this.#value = null;
      return value;
    }
    throw this.#error?.error;
  }
}
