import type { Caller } from '../domain/caller';
import { Stopwatch } from '../domain/stopwatch';

/** What is known of every call of grpc-js. */
interface Call {
  readonly cancelled: boolean;
  getPeer(): string;
  getDeadline(): Date | number;
}

/** How often the process notes that it runs. */
const PULSE_MS = 250;

let lastPulse = performance.now();
setInterval(() => {
  lastPulse = performance.now();
}, PULSE_MS).unref();

/**
 * For how long, at most, a call may have waited to be seen. After the process was suspended, calls that came meanwhile
 * are served before any timer fires, and grpc-js counts their deadlines from then on.
 */
function unseenMs(): number {
  return Math.max(0, performance.now() - lastPulse - PULSE_MS);
}

/** The caller of a gRPC call. Its time is over at its deadline. It compares the clock, since timers may be late. */
export class GrpcCaller implements Caller {
  readonly #since = new Stopwatch();
  readonly #timeMs: number;
  #connection: string | null = null;

  constructor(private readonly call: Call) {
    this.#timeMs = Number(call.getDeadline()) - Date.now() - unseenMs();
  }

  get connection(): string {
    this.#connection ??= this.call.getPeer(); // a stream is asked for it with each command
    return this.#connection;
  }

  get isGone(): boolean {
    return this.call.cancelled || this.timeLeftMs <= 0;
  }

  /** Milliseconds until its deadline; Infinity if it has none. */
  get timeLeftMs(): number {
    return this.#timeMs - this.#since.ms;
  }
}
