import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type Server, type ServiceDefinition, status } from '@grpc/grpc-js';
import { TaskResultsError } from '../../domain/errors';
import type { Limits } from '../../domain/limits';
import { toServiceError, toStatus } from '../status';
import { authorize, isKnown, type Tokens } from './access';
import { CallMemory, ConnectionMemory, SharedMemory } from './call-memory';
import { collectGarbage } from './collect';
import { type CountedCall, count, type Method, register } from './counted-stream';
import { cutOff, type Refusal, refuse } from './refusal';

/** What an open call is counted for besides its bytes: as much as Node.js and grpc-js take for each. */
const CALL_BYTES = 10 * 1024;
/** The same where many requests travel in one call, the answers to which wait as objects. */
const STREAM_BYTES = 256 * 1024;

/** Names and values of the headers of one call. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Such calls that one connection may have open, unless they show a token. */
const MAX_STRANGERS_CALLS = 32;

/** A connection without a call for so long after it was opened is closed. */
const FIRST_CALL_MS = 30_000;

/** A request that has not come whole at the second look is cut off. */
const LOOK_MS = 30_000;

/**
 * V8 collects garbage when more is allocated, so a process that was busy and is so no more would keep what it needs no
 * more: it is collected when calls hold so much less than before.
 */
const BURST_BYTES = 32 * 1024 * 1024;
const COLLECT_MS = 5_000;

export interface GateOptions {
  readonly limits: Pick<Limits, 'maxMessageSize' | 'maxCallMemory' | 'maxConnections'>;
  readonly tokens: Tokens;
  readonly acceptCompressed: boolean;
}

/** Of the event `stream`. The types of Node.js 20 lack the last one: names and values of headers in turn. */
type StreamListener = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  flags: number,
  rawHeaders: string[],
) => void;

interface Connection {
  readonly memory: ConnectionMemory;
  readonly untilFirstCall: NodeJS.Timeout;
  /** Calls of callers without a token, where others have one. */
  strangersCalls: number;
}

/** grpc-js answers that it is not implemented, and reads nothing of its request. */
const UNKNOWN: Method = { wanted: 'nothing', requestStream: false };

/**
 * Stands in front of grpc-js, which reads and inflates a message before anything else sees its call: here a call is
 * refused by its headers alone. The gate also counts the memory that calls hold: what has come of their requests, until
 * they are over, and what waits to be sent to their callers. Where too much is held, calls are refused with
 * LIMIT_REACHED, and those that go on sending are cut off. Why, and the figures: docs/decisions/hostile-callers.md.
 */
export class Gate {
  readonly #memory: SharedMemory;
  readonly #methods = new Map<string, Method>();
  readonly #connections = new WeakMap<Http2Session, Connection>();
  readonly #calls = new Set<CountedCall>();

  constructor(private readonly options: GateOptions) {
    this.#memory = new SharedMemory(options.limits.maxCallMemory);
  }

  /** Makes the methods of a service known. */
  allow(definition: ServiceDefinition, wanted: Method['wanted']): void {
    for (const { path, requestStream } of Object.values(definition)) this.#methods.set(path, { wanted, requestStream });
  }

  /** To be called once the server is bound. */
  guard(server: Server): void {
    const { http2Servers } = server as unknown as { http2Servers: ReadonlyMap<Http2Server, unknown> };
    for (const http2Server of http2Servers.keys()) {
      http2Server.maxConnections = this.options.limits.maxConnections;
      http2Server.on('session', (session) => this.#onSession(session));
      const inside = http2Server.listeners('stream') as StreamListener[];
      http2Server.removeAllListeners('stream');
      const guarding: StreamListener = (stream, headers, flags, rawHeaders) => {
        const call = this.#admit(stream, headers, rawHeaders);
        if (!call) return;
        for (const listener of inside) listener.call(http2Server, stream, headers, flags, rawHeaders);
        count(call);
      };
      http2Server.on('stream', guarding as (...given: unknown[]) => void);
    }
    const late = setInterval(() => this.#endLate(), LOOK_MS).unref();
    const burst = setInterval(() => this.#afterBurst(), COLLECT_MS).unref();
    for (const http2Server of http2Servers.keys()) {
      http2Server.once('close', () => {
        clearInterval(late);
        clearInterval(burst);
      });
    }
  }

  #onSession(session: Http2Session): void {
    const untilFirstCall = setTimeout(() => session.close(), FIRST_CALL_MS).unref();
    session.once('close', () => clearTimeout(untilFirstCall));
    this.#connections.set(session, { memory: new ConnectionMemory(this.#memory), untilFirstCall, strangersCalls: 0 });
  }

  /** The call, unless it is refused. */
  #admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: string[]): CountedCall | null {
    const connection = stream.session && this.#connections.get(stream.session);
    if (!connection) return null; // it has gone
    const method = this.#methods.get(headers[':path'] ?? '') ?? UNKNOWN;
    const isStranger = method.wanted === 'nothing' && !isKnown(headers.authorization, this.options.tokens);
    const refusal = this.#refusal(connection, method, isStranger, headers, rawHeaders);
    if (refusal) {
      refuse(stream, refusal);
      return null;
    }
    clearTimeout(connection.untilFirstCall);
    // A message that has been inflated is then put together.
    const inflated = isCompressed(headers) ? 2 * this.options.limits.maxMessageSize : 0;
    const memory = method.requestStream
      ? new CallMemory(connection.memory, STREAM_BYTES + inflated)
      : new CallMemory(connection.memory, CALL_BYTES, inflated);
    const call = { stream, method, memory, wasLookedAt: false, received: 0 };
    register(call);
    this.#calls.add(call);
    if (isStranger) connection.strangersCalls++;
    stream.on('close', () => {
      memory.end();
      this.#calls.delete(call);
      if (isStranger) connection.strangersCalls--;
    });
    return call;
  }

  #refusal(
    { memory, strangersCalls }: Connection,
    { wanted }: Method,
    isStranger: boolean,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): Refusal | null {
    try {
      if (wanted !== 'nothing') authorize(headers.authorization, this.options.tokens, wanted);
      if (isStranger && strangersCalls >= MAX_STRANGERS_CALLS) throw limitReached('too many calls without a token');
      if (sizeOf(rawHeaders) > MAX_HEADER_BYTES) throw limitReached('too large headers');
      if (memory.isSpent) throw limitReached('the calls of this connection hold too much memory');
    } catch (error) {
      return toServiceError(toStatus(error));
    }
    if (!isCompressed(headers) || (this.options.acceptCompressed && wanted !== 'nothing')) return null;
    return { code: status.UNIMPLEMENTED, details: 'compressed messages are not accepted' };
  }

  #afterBurst(): void {
    if (this.#memory.takeFallen() >= BURST_BYTES) collectGarbage();
  }

  /** Ends calls whose requests have not come whole since the last time. */
  #endLate(): void {
    for (const call of this.#calls) {
      if (call.method.requestStream || call.stream.readableEnded) continue;
      if (call.wasLookedAt) cutOff(call.stream);
      call.wasLookedAt = true;
    }
  }
}

function limitReached(message: string): TaskResultsError {
  return new TaskResultsError('LIMIT_REACHED', message);
}

function isCompressed({ 'grpc-encoding': encoding }: IncomingHttpHeaders): boolean {
  return encoding !== undefined && encoding !== 'identity';
}

function sizeOf(rawHeaders: readonly string[]): number {
  let bytes = 0;
  for (const nameOrValue of rawHeaders) bytes += nameOrValue.length;
  return bytes;
}
