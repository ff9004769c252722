import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { until } from '../../../test/support/until';
import type { Members } from './driver';
import { type Fault, faultTrailers, http2Code } from './fault';

interface Call {
  readonly method: string;
  readonly arrivedAt: number;
  /** When a fault ended it. */
  faultedAt?: number;
  readonly stream: ServerHttp2Stream;
  /** What ends the answer in place of the server. */
  trailers?: OutgoingHttpHeaders;
}

interface FaultStep extends Fault {
  method?: string | string[];
  /** Default 1. */
  times?: number;
}

/**
 * An HTTP/2 proxy in front of the server, which answers some calls in its place: with a status of its own, by resetting
 * the stream, by giving the connection up, or not at all. Everything else passes unchanged.
 */
export class FaultProxy {
  readonly #server: Http2Server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** What the next calls of a method are answered with, in this order. */
  #faults: { methods: readonly string[]; fault: Fault }[] = [];
  #calls: Call[] = [];

  private constructor(private readonly target: string) {
    this.#server.on('session', (session) => this.#join(session));
    this.#server.on('sessionError', () => {});
  }

  static async to(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** One step of a scenario: see sdk/conformance/README.md. */
  async act(op: string, { method = [], times = 1, ...fault }: FaultStep): Promise<Members> {
    const methods = [method].flat();
    const matching = () => this.#calls.filter((call) => methods.includes(call.method));
    if (op === 'fault') {
      for (let i = 0; i < times; i++) this.#faults.push({ methods, fault });
    } else if (op === 'break') {
      for (const call of matching()) if (!call.stream.closed) this.#answer(call, fault);
    } else if (op === 'called') {
      await until(() => matching().length >= times, `${methods} called ${times} times`);
    } else if (op === 'seen') {
      return seen(matching());
    } else if (op === 'forget') {
      this.forget();
    } else {
      throw new Error(`the proxy cannot ${op}`);
    }
    return {};
  }

  /** Forgets all faults and calls. */
  forget(): void {
    this.#faults = [];
    this.#calls = [];
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const session of this.#sessions) session.destroy();
    await closed;
  }

  /** Each connection of a client has one to the server. */
  #join(session: ServerHttp2Session): void {
    const behind = connect(`http://${this.target}`);
    this.#sessions.add(session);
    session.on('error', () => {});
    behind.on('error', () => session.destroy());
    session.on('close', () => {
      this.#sessions.delete(session);
      behind.destroy();
    });
    behind.on('close', () => session.destroy());
    session.on('stream', (stream, headers) => this.#take(stream, headers, behind));
  }

  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, behind: ClientHttp2Session): void {
    stream.on('error', () => {});
    const method = String(headers[':path']).replace(/.*\//, '');
    const call: Call = { method, arrivedAt: performance.now(), stream };
    this.#calls.push(call);
    const at = this.#faults.findIndex(({ methods }) => methods.includes(method));
    const [next] = at < 0 ? [] : this.#faults.splice(at, 1);
    if (next) this.#answer(call, next.fault);
    else pass(call, headers, behind);
  }

  #answer(call: Call, fault: Fault): void {
    const { stream } = call;
    call.faultedAt = performance.now();
    if (fault.silence) {
      stream.resume();
    } else if (fault.rst !== undefined) {
      stream.close(http2Code(fault.rst));
    } else if (fault.goaway !== undefined) {
      stream.session?.destroy(undefined, http2Code(fault.goaway));
    } else if (stream.headersSent) {
      call.trailers = faultTrailers(fault);
      stream.end();
    } else {
      const ok = { ':status': 200, 'content-type': 'application/grpc+proto' };
      stream.respond({ ...ok, ...faultTrailers(fault) }, { endStream: true });
      // The rest of the request is of no interest.
      stream.resume();
    }
  }
}

/** Hands a call on to the server, and its answer back. */
function pass(call: Call, headers: IncomingHttpHeaders, behind: ClientHttp2Session): void {
  const { stream } = call;
  if (behind.closed || behind.destroyed) {
    stream.close(constants.NGHTTP2_REFUSED_STREAM);
    return;
  }
  const onward = behind.request(headers);
  const isOver = () => stream.closed || call.faultedAt !== undefined;
  let trailers: OutgoingHttpHeaders = {};
  onward.on('error', () => {});
  onward.on('response', ({ ':status': status, ...answered }, flags) => {
    if (isOver()) return;
    const isLast = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond({ ':status': status, ...answered }, isLast ? { endStream: true } : { waitForTrailers: true });
  });
  onward.on('trailers', (received) => {
    trailers = received;
  });
  onward.on('data', (chunk) => {
    if (!isOver()) stream.write(chunk);
  });
  onward.on('end', () => {
    if (stream.headersSent && !isOver()) stream.end();
  });
  onward.on('close', () => {
    if (!isOver() && !stream.writableEnded) stream.close(onward.rstCode || constants.NGHTTP2_INTERNAL_ERROR);
  });
  stream.on('wantTrailers', () => stream.sendTrailers(call.trailers ?? trailers));
  stream.on('close', () => onward.close(constants.NGHTTP2_CANCEL));
  stream.pipe(onward);
}

/** How often a method was called, and the shortest time from a fault to the call that followed it. */
function seen(calls: readonly Call[]): Members {
  const pauses = calls.slice(1).flatMap(({ arrivedAt }, i) => {
    const { faultedAt } = calls[i] as Call;
    return faultedAt === undefined ? [] : [arrivedAt - faultedAt];
  });
  return { calls: calls.length, shortest_pause_ms: pauses.length > 0 ? Math.min(...pauses) : null };
}
