import { Fifo } from './fifo';

/** What waits in a FairQueue. */
export interface Fair {
  /** Whose it is. */
  readonly connection: string;
  /** How much work it is: at least 1, which is what a small one is. */
  readonly cost: number;
}

/** What waits of one connection. */
class Lane<T> {
  /** Were taken before, and go first. The one that goes next is the last. */
  readonly returned: T[] = [];
  readonly fresh = new Fifo<T>();
  /** Cost that may be taken: what is taken beyond is made up for in later turns. */
  credit = 0;

  constructor(readonly connection: string) {}

  get size(): number {
    return this.returned.length + this.fresh.size;
  }

  shift(): T | undefined {
    return this.returned.pop() ?? this.fresh.shift();
  }
}

/**
 * Connections take turns: in each, one small item of a connection is taken, and of one that had a large item none for
 * as many turns as that is worth. Items of one connection keep their order.
 */
export class FairQueue<T extends Fair> {
  readonly #lanes = new Map<string, Lane<T>>();
  /** The lanes, each of which has an item, in the order of their turns. */
  readonly #turns = new Fifo<Lane<T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: T): void {
    this.#lane(item).fresh.push(item);
    this.#size++;
  }

  /**
   * Takes items back that `shift` has returned, in their order. They go before all others of their connections, also
   * before those that came back earlier: these stood behind them when `shift` returned them.
   */
  putBack(items: readonly T[]): void {
    for (const item of items.toReversed()) this.#lane(item).returned.push(item);
    this.#size += items.length;
  }

  shift(): T | undefined {
    for (let lane = this.#turns.peek(); lane; lane = this.#turns.peek()) {
      this.#turns.shift();
      lane.credit++;
      const item = lane.credit > 0 ? (lane.shift() as T) : undefined;
      lane.credit -= item?.cost ?? 0;
      if (lane.size > 0) this.#turns.push(lane);
      else this.#lanes.delete(lane.connection);
      if (!item) continue;
      this.#size--;
      return item;
    }
    return undefined;
  }

  #lane({ connection }: T): Lane<T> {
    let lane = this.#lanes.get(connection);
    if (!lane) {
      lane = new Lane(connection);
      this.#lanes.set(connection, lane);
      this.#turns.push(lane);
    }
    return lane;
  }
}
