import type { MethodDefinition, ServiceError } from '@grpc/grpc-js';
import * as lifecycle from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import * as results from '@taskresults/protocol/taskresults/v1/task_result_service';
import { at, ms, succeededRequest } from './calls';
import type { TestService } from './service';

/** Every RPC by its name, to send it anything. */

interface Rpc {
  message: { fromPartial(given: object): unknown };
  method: MethodDefinition<never, unknown>;
  /** A request that is accepted, to be made worse. `id` belongs to a running result. */
  good(id: string): object;
}

const writes = lifecycle.TaskLifecycleServiceService;
const reads = results.TaskResultServiceService;

export const RPCS = {
  CreateTaskResult: rpc(lifecycle.CreateTaskResultRequest, writes.createTaskResult, () => ({ task: { path: 'p' } })),
  StartAttempt: rpc(lifecycle.StartAttemptRequest, writes.startAttempt, (id) => ({ id, workerId: 'w1' })),
  RenewLease: rpc(lifecycle.RenewLeaseRequest, writes.renewLease, (id) => ({ id, attempt: 1, lease: ms(60_000) })),
  FinishAttempt: rpc(lifecycle.FinishAttemptRequest, writes.finishAttempt, (id) => succeededRequest(id)),
  FailTaskResult: rpc(lifecycle.FailTaskResultRequest, writes.failTaskResult, (id) => ({ id })),
  DeleteTaskResult: rpc(lifecycle.DeleteTaskResultRequest, writes.deleteTaskResult, (id) => ({ id })),
  RecordTransitions: rpc(lifecycle.RecordTransitionsRequest, writes.recordTransitions, (id) => ({
    transition: { $case: 'delete', value: { id } },
  })),
  GetTaskResult: rpc(results.GetTaskResultRequest, reads.getTaskResult, (id) => ({ id })),
  BatchGetTaskResults: rpc(results.BatchGetTaskResultsRequest, reads.batchGetTaskResults, (id) => ({ ids: [id] })),
  RefreshTaskResult: rpc(results.RefreshTaskResultRequest, reads.refreshTaskResult, (id) => ({ id })),
  BatchRefreshTaskResults: rpc(results.BatchRefreshTaskResultsRequest, reads.batchRefreshTaskResults, (id) => ({
    taskResults: [{ id }],
  })),
  WaitTaskResult: rpc(results.WaitTaskResultRequest, reads.waitTaskResult, (id) => ({ id, timeout: ms(0) })),
  ListTaskResults: rpc(results.ListTaskResultsRequest, reads.listTaskResults, () => ({
    filter: { enqueued: { start: at(0) } },
  })),
  WatchTaskResults: rpc(results.WatchTaskResultsRequest, reads.watchTaskResults, (id) => ({
    target: { $case: 'ids', value: { taskResults: [{ id }] } },
  })),
};

export type RpcName = keyof typeof RPCS;
export const RPC_NAMES = Object.keys(RPCS) as RpcName[];

function rpc(message: { fromPartial(given: never): unknown }, method: unknown, good: Rpc['good']): Rpc {
  return { message: message as Rpc['message'], method: method as Rpc['method'], good };
}

/** Sends bytes as the request of an RPC. Resolves with the first answer or the end, rejects with the error. */
export function sendBytes(service: TestService, name: RpcName, bytes: Buffer): Promise<unknown> {
  const { path, responseDeserialize, requestStream, responseStream } = RPCS[name].method;
  const as = (value: Buffer) => value;
  return new Promise((resolve, reject) => {
    if (!responseStream) {
      const done = (error: ServiceError | null, answer: unknown) => (error ? reject(error) : resolve(answer));
      service.reads.makeUnaryRequest(path, as, responseDeserialize, bytes, done);
      return;
    }
    const duplex = requestStream ? service.reads.makeBidiStreamRequest(path, as, responseDeserialize) : null;
    duplex?.end(bytes);
    const stream = duplex ?? service.reads.makeServerStreamRequest(path, as, responseDeserialize, bytes);
    // An error after a cancel comes from that cancel.
    stream.on('error', reject).on('end', resolve);
    stream.on('data', (answer: unknown) => {
      resolve(answer);
      stream.cancel();
    });
  });
}

/** Sends a message given in part. */
export function send(service: TestService, name: RpcName, given: object): Promise<unknown> {
  const { message, method } = RPCS[name];
  return sendBytes(service, name, method.requestSerialize(message.fromPartial(given) as never));
}
