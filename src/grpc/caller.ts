import type { Caller } from '../domain/caller';
import { Stopwatch } from '../domain/stopwatch';
import { unseenMs } from './suspension';

/** What is known of every call of grpc-js. */
interface Call {
  readonly cancelled: boolean;
  getPeer(): string;
  getDeadline(): Date | number;
}

/** The caller of a gRPC call. Its time is over at its deadline. It compares the clock, since timers may be late. */
export class GrpcCaller implements Caller {
  readonly #since = new Stopwatch();
  readonly #timeMs: number;
  #connection: string | null = null;

  constructor(
    private readonly call: Call,
    /** How long the service lets the call take, from its beginning on, whatever its deadline. */
    public maxMs = Number.POSITIVE_INFINITY,
  ) {
    this.#timeMs = Number(call.getDeadline()) - Date.now() - unseenMs();
  }

  get connection(): string {
    this.#connection ??= this.call.getPeer(); // a stream is asked for it with each command
    return this.#connection;
  }

  get isGone(): boolean {
    return this.call.cancelled || this.#since.ms >= Math.min(this.#timeMs, this.maxMs);
  }

  /** Milliseconds until its deadline; Infinity if it has none. */
  get timeLeftMs(): number {
    return this.#timeMs - this.#since.ms;
  }
}
