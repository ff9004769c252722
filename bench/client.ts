import { credentials } from '@grpc/grpc-js';
import { TaskLifecycleServiceClient } from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '@taskresults/protocol/taskresults/v1/task_result_service';

/** Both services over one connection of its own. */
export class BenchClient {
  readonly reads: TaskResultServiceClient;
  readonly writes: TaskLifecycleServiceClient;

  constructor(address: string) {
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.use_local_subchannel_pool': 1 };
    this.reads = new TaskResultServiceClient(address, credentials.createInsecure(), options);
    this.writes = new TaskLifecycleServiceClient(address, credentials.createInsecure(), options);
  }

  close(): void {
    this.reads.close();
    this.writes.close();
  }
}
