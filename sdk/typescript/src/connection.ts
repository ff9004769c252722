import { type ChannelCredentials, Client, credentials, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import {
  TaskResultServiceService as results,
  WatchTaskResultsRequest,
  type WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { Cancellation, cancelled, clientClosed, sleep, throwIfCancelled } from './cancellation';
import { duration } from './duration';
import { encodeRequest } from './encode-request';
import { TaskResultsError } from './errors';
import { invalidField } from './invalid-field';
import { Pauses } from './pauses';
import { proxyOf } from './proxy';
import { isWorthRepeating, isWorthReportingAgain } from './retry-rule';
import { serverError } from './server-error';
import type { CallOptions } from './task-result';
import { startTimer } from './timer';

/**
 * Certificates in PEM format. What is left out: the certificate authorities that Node knows, no certificate of one's
 * own.
 */
export interface TlsOptions {
  ca?: Buffer;
  key?: Buffer;
  cert?: Buffer;
}

export interface ConnectionOptions {
  /** Sent with every call. Printable ASCII without a blank at either end. */
  token?: string;
  /** TLS instead of plain text. Default false. */
  tls?: boolean | TlsOptions;
  /**
   * Whether the server is called through the proxy that `grpc_proxy`, `https_proxy` or `http_proxy` names, unless it is
   * loopback or listed in `no_proxy` or `NO_PROXY`. False: it is always called directly. Default true.
   */
  proxy?: boolean;
  /**
   * How long a call may take with all its repetitions, unless it says otherwise; `Infinity`: for ever. Default 10,000
   * ms.
   */
  timeoutMs?: number;
  /**
   * Whether calls that are safe to repeat are repeated after failures that may pass, and `watchEvents` tries again when
   * its first stream cannot be opened. Otherwise that must be open within `timeoutMs`. Default true.
   */
  retry?: boolean;
  /**
   * How long a watch may be silent before the server sends a heartbeat, 1,000 to 60,000 ms. A silence of three times as
   * long means a dead link. Default 15,000.
   */
  heartbeatMs?: number;
}

/** An event of a watch; `end` is the last one. */
export type WatchEvent = NonNullable<WatchTaskResultsResponse['event']>;

export interface UnaryOptions extends CallOptions {
  /** Whether the call may be made again when its answer was lost. Default true. */
  isRepeatable?: boolean;
  /**
   * The call reports the outcome of an attempt, which must not get lost: each try takes as long as a call may, and the
   * call is repeated after whatever may pass until `timeoutMs` is over. Default false.
   */
  isReport?: boolean;
}

interface WatchOptions {
  signal?: AbortSignal;
  /** Called once the server has taken the watch. */
  onOpen?: () => void;
  /** How long that may take. Default `Infinity`. */
  openTimeoutMs?: number;
}

/** What is left of a call's time for its last try, unless that is more than a quarter. */
const MAX_LAST_TRY_MS = 1_000;

/** A server's own DEADLINE_EXCEEDED may come so much before the deadline, by its clock. */
const MAX_EARLY_MS = 100;

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** No deadline that is sent is longer: 24 days. Servers and proxies take longer ones for small or negative numbers. */
const MAX_DEADLINE_MS = 24 * 24 * 60 * 60 * 1_000;

/** What arrives as it was sent, among what HTTP/2 carries in a header. */
const TOKEN = /^[!-~]([ -~]*[!-~])?$/;

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

/** Calls to one server: deadlines, repetition, cancelling, the token, and errors as this package has them. */
export class Connection {
  readonly retry: boolean;
  readonly timeoutMs: number;
  readonly #client: Client;
  /** What every failure begins with that the server gave no reason for: the proxy on the way to it, if there is one. */
  readonly #way: string;
  readonly #token: string | undefined;
  readonly #heartbeatMs: number;
  readonly #closing = new AbortController();

  constructor(target: string, options: ConnectionOptions) {
    const { token, tls = false, proxy = true, timeoutMs = 10_000, retry = true, heartbeatMs = 15_000 } = options;
    if (token !== undefined && !TOKEN.test(token)) {
      throw invalidField('token', 'must be printable ASCII without a blank at either end');
    }
    requireSpan('timeoutMs', timeoutMs);
    const proxyOnWay = proxy ? proxyOf(target, process.env) : null;
    this.#client = clientOf(target, channelCredentials(tls), proxyOnWay !== null);
    this.#way = proxyOnWay === null ? '' : `through proxy ${proxyOnWay}: `;
    this.#token = token;
    this.timeoutMs = timeoutMs;
    this.retry = retry;
    this.#heartbeatMs = heartbeatMs;
  }

  /** Aborted when the connection is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  async call<Request, Answer>(
    method: MethodDefinition<Request, Answer>,
    request: Request,
    { signal, timeoutMs = this.timeoutMs, isRepeatable = true, isReport = false }: UnaryOptions = {},
  ): Promise<Answer> {
    requireSpan('timeoutMs', timeoutMs);
    const encoded = encodeRequest(method.requestSerialize, request);
    const deadline = Date.now() + timeoutMs;
    const lastTryMs = Math.min(timeoutMs / 4, MAX_LAST_TRY_MS);
    // A report that is never answered leaves time to send it again.
    const maxTryMs = isReport ? Math.min(this.timeoutMs, timeoutMs / 3, MAX_DEADLINE_MS) : MAX_DEADLINE_MS;
    const isWorthAnotherTry = isReport ? isWorthReportingAgain : isWorthRepeating;
    const cancellation = new Cancellation(this.closing, signal);
    const pauses = new Pauses();
    let before: TaskResultsError | undefined;
    try {
      for (;;) {
        try {
          const until = Math.min(deadline, Date.now() + maxTryMs);
          return await this.#callOnce(method, encoded, until, cancellation.signal);
        } catch (error) {
          const failure = error as TaskResultsError;
          const left = deadline - Date.now();
          // A try that the deadline has ended tells less than the failure before it.
          if (before && failure.code === status.DEADLINE_EXCEEDED && left < MAX_EARLY_MS) throw before;
          const isRepeated = this.retry && isRepeatable && isWorthAnotherTry(failure);
          // However long the pause should be, the last try is made before the time is over, if the server takes one then.
          const longestPause = left - lastTryMs;
          if (!isRepeated || !(longestPause > failure.retryAfterMs)) throw error;
          before = failure;
          await sleep(Math.min(pauses.next(failure), longestPause), cancellation.signal);
        }
      }
    } finally {
      cancellation.release();
    }
  }

  /**
   * The events of one stream, its `end` included. Throws when it ends without one, or sends nothing for three
   * heartbeats. Without a deadline: a watch may last for ever.
   */
  async *watch(
    request: Partial<WatchTaskResultsRequest>,
    { signal, onOpen, openTimeoutMs = Number.POSITIVE_INFINITY }: WatchOptions = {},
  ): AsyncGenerator<WatchEvent, void, undefined> {
    throwIfCancelled(this.closing, signal);
    const heartbeatInterval = duration('heartbeatMs', this.#heartbeatMs);
    const { path, requestSerialize, responseDeserialize } = results.watchTaskResults;
    const whole = WatchTaskResultsRequest.create({ ...request, heartbeatInterval });
    const encoded = encodeRequest(requestSerialize, whole);
    const cancellation = new Cancellation(this.closing, signal);
    const stream = this.#client.makeServerStreamRequest(
      path,
      asEncoded,
      responseDeserialize,
      encoded,
      this.#metadata(),
    );
    cancellation.signal.addEventListener('abort', () => stream.cancel());

    let givenUp: TaskResultsError | undefined;
    const giveUp = (error: TaskResultsError) => {
      givenUp ??= error;
      stream.cancel();
    };
    const onSilence = () => giveUp(lost(`${this.#way}the server has been silent for three heartbeats`));
    const stopTimer = startTimer(openTimeoutMs, () => giveUp(lateOpening(this.#way, openTimeoutMs)));
    stream.once('metadata', () => {
      stopTimer();
      onOpen?.();
    });
    // Runs only while this waits: a caller that reads slowly is no dead link.
    let watchdog = setTimeout(onSilence, 3 * this.#heartbeatMs);
    let end: WatchEvent | undefined;
    try {
      for await (const { event } of stream as AsyncIterable<WatchTaskResultsResponse>) {
        clearTimeout(watchdog);
        if (event?.$case === 'end') end = event;
        else if (event) yield event;
        watchdog = setTimeout(onSilence, 3 * this.#heartbeatMs);
      }
    } catch (error) {
      if (cancellation.signal.aborted) throw cancelled(cancellation.signal);
      throw givenUp ?? serverError(error as never, this.#way);
    } finally {
      stopTimer();
      clearTimeout(watchdog);
      cancellation.release();
      // Has no effect on a stream that has ended.
      stream.cancel();
    }
    // Only once the stream is over: cancelling an ended one would be one more reset for the server.
    if (!end) throw lost(`${this.#way}the stream ended without a word`);
    yield end;
  }

  /** Ends every call and stream under way. */
  close(): void {
    this.#closing.abort(clientClosed());
    this.#client.close();
  }

  #callOnce<Answer>(
    { path, responseDeserialize }: Pick<MethodDefinition<never, Answer>, 'path' | 'responseDeserialize'>,
    request: Buffer,
    deadline: number,
    signal: AbortSignal,
  ): Promise<Answer> {
    throwIfCancelled(signal);
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        asEncoded,
        responseDeserialize,
        request,
        this.#metadata(),
        { deadline },
        (error, answer) => {
          if (error) reject(signal.aborted ? cancelled(signal) : serverError(error, this.#way));
          else resolve(answer as Answer);
        },
      );
      signal.addEventListener('abort', () => call.cancel());
    });
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#token !== undefined) metadata.set('authorization', `Bearer ${this.#token}`);
    return metadata;
  }
}

/** Any span will do, `Infinity` included. */
export function requireSpan(name: string, ms: number): void {
  if (Number.isNaN(ms)) throw invalidField(name, 'must be a number');
}

/** Messages are encoded once, however often they are sent. */
const asEncoded = (request: Buffer): Buffer => request;

function clientOf(target: string, channel: ChannelCredentials, usesProxy: boolean): Client {
  try {
    return new Client(target, channel, { ...CHANNEL_OPTIONS, 'grpc.enable_http_proxy': usesProxy ? 1 : 0 });
  } catch {
    throw invalidField('target', 'must be host:port, or another name that gRPC resolves');
  }
}

function channelCredentials(tls: boolean | TlsOptions): ChannelCredentials {
  if (tls === false) return credentials.createInsecure();
  const { ca = null, key = null, cert = null } = tls === true ? {} : tls;
  return credentials.createSsl(ca, key, cert);
}

function lateOpening(way: string, ms: number): TaskResultsError {
  const message = `${way}the watch was not opened within ${ms} ms`;
  return new TaskResultsError({ reason: 'DEADLINE_EXCEEDED', code: status.DEADLINE_EXCEEDED, message });
}

function lost(message: string): TaskResultsError {
  return new TaskResultsError({ reason: 'UNAVAILABLE', code: status.UNAVAILABLE, message });
}
