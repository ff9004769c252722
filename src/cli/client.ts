import { type CallOptions, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { TaskLifecycleServiceClient } from '../gen/taskresults/v1/task_lifecycle_service';
import { TaskResultServiceClient } from '../gen/taskresults/v1/task_result_service';

const CHANNEL_OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
};

type Unary<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: Answer) => void,
) => unknown;

/** Both services of one server. */
export class Client {
  readonly results: TaskResultServiceClient;
  readonly lifecycle: TaskLifecycleServiceClient;

  constructor(
    server: string,
    private readonly timeoutMs: number,
    private readonly token: string | null,
  ) {
    this.results = new TaskResultServiceClient(server, credentials.createInsecure(), CHANNEL_OPTIONS);
    const channelOverride = this.results.getChannel();
    this.lifecycle = new TaskLifecycleServiceClient(server, credentials.createInsecure(), { channelOverride });
  }

  /** Calls a method of `results`. */
  read<Request, Answer>(method: Unary<Request, Answer>, request: Request): Promise<Answer> {
    return this.#call(method.bind(this.results), request);
  }

  /** Calls a method of `lifecycle`. */
  write<Request, Answer>(method: Unary<Request, Answer>, request: Request): Promise<Answer> {
    return this.#call(method.bind(this.lifecycle), request);
  }

  /** What goes with every call. */
  metadata(): Metadata {
    const metadata = new Metadata();
    if (this.token !== null) metadata.set('authorization', `Bearer ${this.token}`);
    return metadata;
  }

  close(): void {
    this.results.close();
  }

  #call<Request, Answer>(method: Unary<Request, Answer>, request: Request): Promise<Answer> {
    const options = { deadline: Date.now() + this.timeoutMs };
    return new Promise((resolve, reject) => {
      method(request, this.metadata(), options, (error, answer) => (error ? reject(error) : resolve(answer)));
    });
  }
}
