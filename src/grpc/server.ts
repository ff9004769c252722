import { setMaxListeners } from 'node:events';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import * as lifecycleMessages from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import * as resultMessages from '@taskresults/protocol/taskresults/v1/task_result_service';
import type { Limits } from '../domain/limits';
import type { Reads } from '../service/reading/reads';
import type { Watches } from '../service/watching/watches';
import type { Lifecycle } from '../service/writing/lifecycle';
import { addService, type Handlers } from './add-service';
import type { Tokens } from './admission/access';
import { Gate } from './admission/gate';
import { refusingUnread } from './admission/unread';
import { lifecycleHandlers } from './handlers/lifecycle-handlers';
import { readHandlers } from './handlers/read-handlers';
import { recordTransitionsHandler } from './handlers/record-transitions';
import { watchHandler } from './handlers/watch-handler';
import { addHealth } from './health';
import { errors, type OnInternalError, refuseAndLog } from './interceptors/errors';
import { leaveLongDeadlinesToCallers } from './long-deadlines';
import { addReflection } from './reflection';
import { allowManyResets } from './stream-resets';

const SERVICES = ['', 'taskresults.v1.TaskResultService', 'taskresults.v1.TaskLifecycleService'];

/** Clients may ask for signs of life that often, also while no call is open. */
const MIN_PING_INTERVAL_MS = 5_000;

/**
 * Calls that a connection may have open. Clients wait in silence for a free one, so it is more than a connection can
 * have memory for: those beyond that are told.
 */
const MAX_STREAMS = 100_000;

export interface GrpcOptions {
  /** An address, a name, or `unix:` and the path of a Unix socket, which has no port. */
  host: string;
  /** 0: any free port. */
  port: number;
  limits: Limits;
  tokens: Tokens;
  acceptCompressed: boolean;
  watchMaxAgeMs: number;
  /** How long a unary call may take, each transition of a stream, and the first read of a watch. */
  callTimeoutMs: number;
  keepalive: { timeMs: number; timeoutMs: number };
  onInternalError: OnInternalError;
}

export interface GrpcServer {
  readonly port: number;
  /** Tells health checks that this server is no longer to be used, and ends streams of transitions. */
  announceStop(): void;
  /** Takes no more calls; resolves when those under way have ended, or have been cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Both services, health and reflection, on one port. Rejects when the port cannot be had. */
export async function startGrpcServer(
  reads: Reads,
  lifecycle: Lifecycle,
  watches: Watches,
  {
    host,
    port,
    limits,
    tokens,
    acceptCompressed,
    watchMaxAgeMs,
    callTimeoutMs,
    keepalive,
    onInternalError,
  }: GrpcOptions,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxMessageSize,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': MAX_STREAMS,
    'grpc.keepalive_time_ms': keepalive.timeMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.http2.min_ping_interval_without_data_ms': MIN_PING_INTERVAL_MS,
    'grpc.keepalive_permit_without_calls': 1,
    // Its counters are nowhere to be asked for, and cost a few microseconds a call.
    'grpc.enable_channelz': 0,
  });
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // each stream of transitions listens, and there may be any number of them
  const refuse = refuseAndLog(onInternalError);
  const gate = new Gate({ limits, tokens, acceptCompressed });
  const results: Handlers<resultMessages.TaskResultServiceServer> = {
    ...readHandlers(reads, watches),
    watchTaskResults: watchHandler(watches, { maxAgeMs: watchMaxAgeMs, firstReadMs: callTimeoutMs }),
  };
  const writes: Handlers<lifecycleMessages.TaskLifecycleServiceServer> = {
    ...lifecycleHandlers(lifecycle, limits),
    recordTransitions: recordTransitionsHandler(lifecycle, limits, callTimeoutMs, stopping.signal, refuse),
  };
  const around = [errors(refuse)];
  addService(
    server,
    resultMessages.TaskResultServiceService,
    resultMessages,
    results,
    around,
    callTimeoutMs,
    refusingUnread,
  );
  gate.allow(resultMessages.TaskResultServiceService, 'read');
  addService(server, lifecycleMessages.TaskLifecycleServiceService, lifecycleMessages, writes, around, callTimeoutMs);
  gate.allow(lifecycleMessages.TaskLifecycleServiceService, 'write');
  const health = addHealth(server, SERVICES);
  addReflection(server);

  allowManyResets(server);
  const bound = await bind(server, host, port);
  gate.guard(server);
  leaveLongDeadlinesToCallers(server); // in front of the gate
  return {
    port: bound,
    announceStop: () => {
      stopping.abort();
      health.announceStop();
    },
    close(graceMs) {
      health.endWatches();
      return close(server, graceMs);
    },
  };
}

function addressOf(host: string, port: number): string {
  if (host.startsWith('unix:')) return host;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = addressOf(host, port);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
