/** First in, first out, in constant time however many there are. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  /** Items before it have been taken. */
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The one that `shift` takes next. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined; // it may be large
    // Half of it is gone: moving the rest is paid for by those that were taken.
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
