import { Server, ServerCredentials, type ServerWritableStream } from '@grpc/grpc-js';
import {
  CreateTaskResultResponse,
  StartAttemptResponse,
  TaskLifecycleServiceService,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import {
  BatchGetTaskResultsResponse,
  GetTaskResultResponse,
  RefreshTaskResultResponse,
  TaskResultServiceService,
  WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';
import { finishedResult, someState } from './payloads';

/**
 * The ceiling: a bare grpc-js server that answers each call with bytes made beforehand, of the size that the service would
 * answer. `node echo-server.js <bytes of a result>` prints its port.
 */
const bytes = Number(process.argv[2] ?? 300);
const id = '01890000-0000-7000-8000-000000000000';
const taskResult = finishedResult(id, bytes);
const state = someState(id);

const ANSWERS: Record<string, Uint8Array> = {
  getTaskResult: GetTaskResultResponse.encode({ taskResult }).finish(),
  batchGetTaskResults: BatchGetTaskResultsResponse.encode({
    taskResults: Array.from({ length: 100 }, () => taskResult),
    notFoundIds: [],
    deferredIds: [],
  }).finish(),
  refreshTaskResult: RefreshTaskResultResponse.encode({ outcome: { $case: 'unchanged', value: {} } }).finish(),
  createTaskResult: CreateTaskResultResponse.encode({ state }).finish(),
  startAttempt: StartAttemptResponse.encode({ attempt: 1, state }).finish(),
  finishAttempt: CreateTaskResultResponse.encode({ state }).finish(),
};

/** Open watches; FailTaskResult writes a snapshot to each of them, of as many bytes as its error's message says. */
const watches = new Set<{ write(bytes: Buffer): void }>();

function broadcast(size: number): void {
  const bytes = snapshot(size);
  for (const watch of watches) watch.write(bytes);
}

function snapshot(size: number): Buffer {
  const value = finishedResult(id, size);
  return Buffer.from(WatchTaskResultsResponse.encode({ event: { $case: 'snapshot', value } }).finish());
}

function watch(call: ServerWritableStream<unknown, Buffer>): void {
  watches.add(call);
  call.on('cancelled', () => watches.delete(call));
  call.write(snapshot(bytes));
}

const server = new Server({ 'grpc.max_receive_message_length': -1 });
for (const service of [TaskResultServiceService, TaskLifecycleServiceService]) {
  const raw = Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      { ...method, responseSerialize: (answer: Buffer) => answer },
    ]),
  );
  const handlers = Object.fromEntries(
    Object.keys(service).map((name) => {
      const answer = Buffer.from(ANSWERS[name] ?? []);
      if (name === 'watchTaskResults') return [name, watch];
      return [
        name,
        (call: { request: { error?: { message: string } } }, callback: (error: null, answer: Buffer) => void) => {
          if (name === 'failTaskResult') broadcast(Number(call.request.error?.message));
          callback(null, answer);
        },
      ];
    }),
  );
  server.addService(raw as never, handlers as never);
}

server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(port);
});
