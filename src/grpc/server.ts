import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  type handleServerStreamingCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import * as lifecycleMessages from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import * as resultMessages from '@taskresults/protocol/taskresults/v1/task_result_service';
import { HealthImplementation } from 'grpc-health-check';
import type { Limits } from '../domain/limits';
import type { Reads } from '../service/reading/reads';
import type { Watches } from '../service/watching/watches';
import type { Lifecycle } from '../service/writing/lifecycle';
import { type Handlers, type OnInternalError, tolerant } from './handlers';
import { lifecycleHandlers } from './handlers/lifecycle-handlers';
import { readHandlers } from './handlers/read-handlers';
import { watchHandler } from './handlers/watch-handler';
import { authorizeWith, type Tokens } from './interceptors/authorize';
import { leaveLongDeadlinesToCallers } from './long-deadlines';
import { watchMaker } from './requests/watch-request';
import { allowManyResets } from './stream-resets';

const SERVICES = ['', 'taskresults.v1.TaskResultService', 'taskresults.v1.TaskLifecycleService'];

/** Clients may ask for signs of life that often, also while no call is open. */
const LEAST_PING_INTERVAL_MS = 5_000;

export interface GrpcOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  limits: Limits;
  tokens: Tokens;
  watchMaxAgeMs: number;
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
  { host, port, limits, tokens, watchMaxAgeMs, keepalive, onInternalError }: GrpcOptions,
): Promise<GrpcServer> {
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxMessageSize,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': keepalive.timeMs,
    'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
    'grpc.http2.min_ping_interval_without_data_ms': LEAST_PING_INTERVAL_MS,
    'grpc.keepalive_permit_without_calls': 1,
    // Its counters are nowhere to be asked for, and cost a few microseconds a call.
    'grpc.enable_channelz': 0,
  });
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // each stream of transitions listens, and there may be any number of them
  const mayRead = authorizeWith(tokens, 'read');
  const mayWrite = authorizeWith(tokens, 'write');
  const resultHandlers: Handlers<resultMessages.TaskResultServiceServer> = {
    ...readHandlers(reads, watches, mayRead, onInternalError),
    watchTaskResults: watchHandler(watchMaker(watches, watchMaxAgeMs), mayRead, onInternalError),
  };
  server.addService(tolerant(resultMessages.TaskResultServiceService, resultMessages), resultHandlers);
  server.addService(
    tolerant(lifecycleMessages.TaskLifecycleServiceService, lifecycleMessages),
    lifecycleHandlers(lifecycle, limits, mayWrite, stopping.signal, onInternalError),
  );
  const health = new HealthImplementation(Object.fromEntries(SERVICES.map((name) => [name, 'SERVING'])));
  const healthWatches = addHealth(server, health);
  new ReflectionService(reflected()).addToServer(server);

  allowManyResets(server);
  const bound = await bind(server, host, port);
  leaveLongDeadlinesToCallers(server);
  return {
    port: bound,
    announceStop: () => {
      stopping.abort();
      for (const name of SERVICES) health.setStatus(name, 'NOT_SERVING');
    },
    close(graceMs) {
      for (const watch of healthWatches) watch.end();
      return close(server, graceMs);
    },
  };
}

/** Answers the open watches of health, which would otherwise keep the server from closing for as long as they like. */
function addHealth(server: Server, health: HealthImplementation): ReadonlySet<{ end(): void }> {
  const open = new Set<{ end(): void }>();
  health.addToServer({
    addService(definition: ServiceDefinition, handlers: UntypedServiceImplementation) {
      const answer = handlers.watch as handleServerStreamingCall<unknown, unknown>;
      const watch: typeof answer = (call) => {
        open.add(call);
        call.once('close', () => open.delete(call));
        answer(call);
      };
      server.addService(definition, { ...handlers, watch });
    },
  } as unknown as Server);
  return open;
}

/** What reflection hands out: the files of the contract just as they were compiled. */
function reflected(): ConstructorParameters<typeof ReflectionService>[0] {
  const bytes = readFileSync(require.resolve('@taskresults/protocol/descriptors.binpb'));
  const files = fromBinary(FileDescriptorSetSchema, bytes).file;
  const fileDescriptorProtos = files.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file)));
  return { all: { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos } };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
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
