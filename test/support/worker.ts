import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  CreateTaskResultRequest,
  FinishAttemptRequest,
  StartAttemptRequest,
  TaskLifecycleServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { describeError } from './refusal';
import { call } from './service';

const WORTH_REPEATING = new Set([status.UNAVAILABLE, status.CANCELLED, status.UNKNOWN, status.DEADLINE_EXCEEDED]);

/** INTERNAL is worth another try when it does not come from the server: a connection was closed during the call. */
function isWorthRepeating(error: ServiceError): boolean {
  if (error.code === status.INTERNAL) return describeError(error).reason === undefined;
  return WORTH_REPEATING.has(error.code);
}

export interface Content {
  path?: string;
  queueName?: string;
  backend?: string;
  argsJson?: string;
  metadata?: Record<string, string>;
}

/** Drives tasks through servers that may die at any moment: a call that was not answered is repeated, at any server. */
export class TestWorker {
  readonly #clients: TaskLifecycleServiceClient[];
  #next = 0;
  /** Calls that were made again. */
  repeated = 0;

  constructor(
    addresses: readonly string[],
    private readonly workerId: string,
  ) {
    this.#clients = addresses.map((address) => new TaskLifecycleServiceClient(address, credentials.createInsecure()));
  }

  create(id: string, what: Content = {}): Promise<unknown> {
    const { path = 'test.task', queueName, backend, metadata = {}, argsJson } = what;
    const request = CreateTaskResultRequest.fromPartial({
      id,
      task: { path, queueName },
      backend,
      argsJson,
      metadata: new Map(Object.entries(metadata)),
    });
    return this.#insist((client, done) => client.createTaskResult(request, ...deadline(), done));
  }

  /** One attempt, which fails and is to be retried, or succeeds. */
  async attempt(id: string, outcome: 'retry' | 'fail' | 'succeed'): Promise<void> {
    const start = StartAttemptRequest.fromPartial({ id, workerId: this.workerId, requestId: randomUUID() });
    const { attempt } = await this.#insist<{ attempt: number }>((client, done) =>
      client.startAttempt(start, ...deadline(), done),
    );
    const finish = FinishAttemptRequest.fromPartial({
      id,
      attempt,
      outcome:
        outcome === 'succeed'
          ? { $case: 'succeeded', value: { returnValueJson: `"${id}"` } }
          : {
              $case: 'failed',
              value: { error: { exceptionClassPath: 'test.Error', message: id }, retry: outcome === 'retry' },
            },
    });
    await this.#insist((client, done) => client.finishAttempt(finish, ...deadline(), done));
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #insist<Response>(
    start: (client: TaskLifecycleServiceClient, done: Parameters<Parameters<typeof call<Response>>[0]>[0]) => unknown,
  ): Promise<Response> {
    for (;;) {
      const client = this.#clients[this.#next++ % this.#clients.length] as TaskLifecycleServiceClient;
      try {
        return await call<Response>((done) => start(client, done));
      } catch (error) {
        if (!isWorthRepeating(error as ServiceError)) throw error;
        this.repeated++;
        await delay(50);
      }
    }
  }
}

function deadline() {
  return [new Metadata(), { deadline: Date.now() + 30_000 }] as const;
}
