import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  CreateTaskResultRequest,
  TaskLifecycleServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultStatus } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  GetTaskResultRequest,
  type GetTaskResultResponse,
  TaskResultServiceClient,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { until } from '../../../test/support/until';
import type { Members } from './driver';

interface Finished {
  id: string;
  args_json: string;
  kwargs_json: string;
  return_value_json: string;
}

interface Start {
  id: string;
  worker_id: string;
}

type Done = (error: ServiceError | null, answer: unknown) => void;

/** Writes over plain gRPC, so that what is stored does not depend on how any SDK writes JSON. */
export class Wire {
  readonly #metadata = new Metadata();
  readonly #lifecycle: TaskLifecycleServiceClient;
  readonly #results: TaskResultServiceClient;

  constructor(address: string, token: string) {
    this.#metadata.set('authorization', `Bearer ${token}`);
    this.#lifecycle = new TaskLifecycleServiceClient(address, credentials.createInsecure());
    this.#results = new TaskResultServiceClient(address, credentials.createInsecure());
  }

  async act(op: string, members: Members): Promise<Members> {
    if (op === 'start') await this.#start(members as unknown as Start);
    else if (op === 'running') await this.#running(members.id as string);
    else if (op === 'finished') await this.#finished(members as unknown as Finished);
    else if (op === 'take_over') await this.#takeOver(members as unknown as Start);
    else throw new Error(`the wire cannot ${op}`);
    return {};
  }

  close(): void {
    this.#lifecycle.close();
    this.#results.close();
  }

  /** A SUCCESSFUL result with these very texts. */
  async #finished({ id, ...texts }: Finished): Promise<void> {
    const { args_json: argsJson, kwargs_json: kwargsJson, return_value_json: returnValueJson } = texts;
    const create = CreateTaskResultRequest.fromPartial({ id, task: { path: 'app.wire' }, argsJson, kwargsJson });
    await this.#call((done) => this.#lifecycle.createTaskResult(create, this.#metadata, done));
    await this.#start({ id, worker_id: 'wire' });
    const outcome = { $case: 'succeeded' as const, value: { returnValueJson } };
    await this.#call((done) =>
      this.#lifecycle.finishAttempt({ id, incarnation: 0n, attempt: 1, outcome }, this.#metadata, done),
    );
  }

  /** Starts the second attempt as soon as the first is running. */
  async #takeOver({ id, worker_id }: Start): Promise<void> {
    await this.#running(id);
    await this.#start({ id, worker_id }, true);
  }

  async #running(id: string): Promise<void> {
    await until(async () => (await this.#get(id)) === TaskResultStatus.TASK_RESULT_STATUS_RUNNING, `${id} is running`);
  }

  async #start({ id, worker_id: workerId }: Start, force = false): Promise<void> {
    const start = { id, workerId, lease: undefined, force, requestId: '' };
    await this.#call((done) => this.#lifecycle.startAttempt(start, this.#metadata, done));
  }

  async #get(id: string): Promise<TaskResultStatus | null> {
    const request = GetTaskResultRequest.fromPartial({ id });
    const answer = this.#call((done) => this.#results.getTaskResult(request, this.#metadata, done));
    return answer.then(
      (found) => (found as GetTaskResultResponse).taskResult?.status ?? null,
      () => null,
    );
  }

  #call(start: (done: Done) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => start((error, answer) => (error ? reject(error) : resolve(answer))));
  }
}
