import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  CreateTaskResultRequest,
  DeleteTaskResultRequest,
  FinishAttemptRequest,
  StartAttemptRequest,
  TaskLifecycleServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { describeError } from './refusal';
import { call } from './service';

/** One try. Whoever gets no answer asks the other server. */
const TRY_MS = 2_000;
/** Tasks under way at a time. */
const LANES = 8;

type Start<Response> = (
  client: TaskLifecycleServiceClient,
  ...rest: [Metadata, { deadline: number }, Parameters<Parameters<typeof call<Response>>[0]>[0]]
) => unknown;

/**
 * Tasks that live a whole life on two servers: two workers compete for the attempt of each, one on either server, and
 * the winner finishes it; every fifth is deleted then. Calls are repeated until they are answered.
 */
export class RivalLoad {
  /** What was answered OK last: `finished` with the value of the winner, or `deleted`. */
  readonly finished = new Map<string, string>();
  readonly deleted = new Set<string>();
  /** What must never be. */
  readonly violations: string[] = [];
  /** Calls answered OK. */
  answered = 0;
  /** Results of other ids that the second server has created, one after the other. */
  created = 0;
  readonly #clients: readonly TaskLifecycleServiceClient[];
  readonly #over: Promise<unknown>;
  #isStopped = false;
  #next = 0;

  constructor(
    addresses: readonly string[],
    private readonly path: string,
  ) {
    this.#clients = addresses.map((address) => new TaskLifecycleServiceClient(address, credentials.createInsecure()));
    this.#over = Promise.all([this.#createOthers(), ...Array.from({ length: LANES }, () => this.#lane())]);
  }

  /** Resolves when the tasks under way have come to their end. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#over;
    for (const client of this.#clients) client.close();
  }

  async #createOthers(): Promise<void> {
    for (let n = 0; !this.#isStopped; n++) {
      const create = CreateTaskResultRequest.fromPartial({ id: `other-${this.path}-${n}`, task: { path: 'other' } });
      await this.#insist(1, (client, ...rest) => client.createTaskResult(create, ...rest), 0);
      this.created++;
    }
  }

  async #lane(): Promise<void> {
    while (!this.#isStopped) {
      const number = this.#next++;
      try {
        await this.#live(`${this.path}-${number}`, number % 5 === 4);
      } catch (error) {
        this.violations.push(`task ${number}: ${(error as Error).message}`);
      }
    }
  }

  async #live(id: string, isDeleted: boolean): Promise<void> {
    const create = CreateTaskResultRequest.fromPartial({ id, task: { path: this.path } });
    await this.#insist(0, (client, ...rest) => client.createTaskResult(create, ...rest));
    const wins = await Promise.all([this.#compete(id, 0), this.#compete(id, 1)]);
    if (wins[0] === wins[1]) this.violations.push(`${id} has ${wins[0] ? 'two winners' : 'no winner'}`);
    const value = wins[0] ? '0' : '1';
    const outcome = { $case: 'succeeded' as const, value: { returnValueJson: value } };
    const finish = FinishAttemptRequest.fromPartial({ id, attempt: 1, outcome });
    await this.#insist(0, (client, ...rest) => client.finishAttempt(finish, ...rest));
    if (isDeleted) {
      const remove = DeleteTaskResultRequest.fromPartial({ id, allowMissing: true });
      await this.#insist(1, (client, ...rest) => client.deleteTaskResult(remove, ...rest));
      this.deleted.add(id);
    } else {
      this.finished.set(id, value);
    }
  }

  /** Whether this worker has won the attempt. */
  async #compete(id: string, server: 0 | 1): Promise<boolean> {
    const start = StartAttemptRequest.fromPartial({ id, workerId: `w${server}`, requestId: randomUUID() });
    try {
      await this.#insist(server, (client, ...rest) => client.startAttempt(start, ...rest));
      return true;
    } catch (error) {
      if (describeError(error as ServiceError).reason === 'ATTEMPT_IN_PROGRESS') return false;
      throw error;
    }
  }

  /** `step` 0: always at the same server. */
  async #insist<Response>(first: 0 | 1, start: Start<Response>, step = 1): Promise<Response> {
    for (let turn: number = first; ; turn += step) {
      const client = this.#clients[turn % this.#clients.length] as TaskLifecycleServiceClient;
      try {
        const deadline = Date.now() + TRY_MS;
        const response = await call<Response>((done) => start(client, new Metadata(), { deadline }, done));
        this.answered++;
        return response;
      } catch (error) {
        if (!mayPass(error as ServiceError)) throw error;
        await delay(20);
      }
    }
  }
}

function mayPass(error: ServiceError): boolean {
  const { UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN, INTERNAL } = status;
  if (error.code === INTERNAL) return describeError(error).reason === undefined;
  return [UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, UNKNOWN].includes(error.code);
}
