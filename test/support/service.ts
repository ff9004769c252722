import { credentials, type ServiceError } from '@grpc/grpc-js';
import { TaskLifecycleServiceClient } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';
import pino, { type Logger } from 'pino';
import { type Config, readConfig } from '../../src/config/config';
import { CorrectedClock, systemClock } from '../../src/domain/clock';
import type { Clock } from '../../src/domain/task-result';
import { startService } from '../../src/server/service';
import type { Database } from '../../src/store/open';
import { type EngineName, temporaryDatabase } from './engines';

/** A real server on a free port, with real clients. */
export interface TestService {
  readonly port: number;
  readonly address: string;
  readonly database: Database;
  readonly reads: TaskResultServiceClient;
  readonly writes: TaskLifecycleServiceClient;
  /** Stops the server while the clients stay open. */
  stopServer(): Promise<void>;
  /** Closes clients and server; drops the database if the service came with one. */
  stop(): Promise<void>;
}

/** The default settings of a server, except for a free port and no logs. */
export function testConfig(database: Database, overrides: Partial<Config> = {}): Config {
  const defaults = readConfig({ port: '0', migrate: 'true', logLevel: 'silent' }, {});
  return { ...defaults, database, ...overrides };
}

/** A server on a database of its own. */
export async function startOn(engine: EngineName, overrides: Partial<Config> = {}): Promise<TestService> {
  const { database, drop } = await temporaryDatabase(engine);
  const service = await serve(database, overrides);
  return {
    ...service,
    async stop() {
      await service.stop();
      await drop();
    },
  };
}

/** A clock that only a test sets, whatever the database says. */
class HeldClock extends CorrectedClock {
  override correct(): void {}
}

/** A server on a database that outlives it. Its time is that of `clock`, or that of a machine's clock, corrected. */
export async function serve(
  database: Database,
  overrides: Partial<Config> = {},
  log: Logger = pino({ level: 'silent' }),
  clock: Clock | CorrectedClock = new CorrectedClock(systemClock()),
): Promise<TestService> {
  const corrected = clock instanceof CorrectedClock ? clock : new HeldClock(clock);
  const service = await startService(testConfig(database, overrides), log, corrected);
  let stopped: Promise<void> | null = null;
  const stopServer = () => {
    stopped ??= service.stop();
    return stopped;
  };
  const address = `127.0.0.1:${service.port}`;
  const clients = connectTo(address);
  return {
    port: service.port,
    address,
    database,
    ...clients,
    stopServer,
    async stop() {
      clients.close();
      await stopServer();
    },
  };
}

/** Clients of both services over one connection of their own. */
export function connectTo(address: string) {
  const reads = new TaskResultServiceClient(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  const channelOverride = reads.getChannel();
  const writes = new TaskLifecycleServiceClient(address, credentials.createInsecure(), { channelOverride });
  return { reads, writes, close: () => reads.close() };
}

type Callback<Response> = (error: ServiceError | null, response: Response) => void;

/** A unary call as a promise: `call((done) => client.method(request, done))`. */
export function call<Response>(start: (done: Callback<Response>) => unknown): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => (error ? reject(error) : resolve(response)));
  });
}
