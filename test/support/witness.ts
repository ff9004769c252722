import { setTimeout as delay } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { TaskResultView } from '@taskresults/protocol/taskresults/v1/task_result';
import {
  TaskResultServiceClient,
  WatchTaskResultsRequest,
  type WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';

/** Follows every task of one path at one server, and knows the newest version of each that it has been told. */
export class Witness {
  /** `incarnation.revision` by id. */
  readonly seen = new Map<string, string>();
  /** What no watch may do. */
  readonly violations: string[] = [];
  readonly #client: TaskResultServiceClient;
  #isStopped = false;

  constructor(
    private readonly address: string,
    private readonly path: string,
  ) {
    this.#client = new TaskResultServiceClient(address, credentials.createInsecure(), {
      'grpc.max_reconnect_backoff_ms': 1_000,
      'grpc.keepalive_time_ms': 1_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    void this.#follow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#client.close();
  }

  async #follow(): Promise<void> {
    while (!this.#isStopped) {
      try {
        await this.#watch();
      } catch {
        // The server is away: again.
      }
      await delay(20);
    }
  }

  async #watch(): Promise<void> {
    const request = WatchTaskResultsRequest.fromPartial({
      target: { $case: 'filter', value: { taskPath: this.path } },
      view: TaskResultView.TASK_RESULT_VIEW_BASIC,
    });
    const versions = new Map<string, [bigint, bigint]>();
    // A new stream tells everything from the beginning.
    this.seen.clear();
    for await (const { event } of this.#client.watchTaskResults(request) as AsyncIterable<WatchTaskResultsResponse>) {
      if (event?.$case === 'snapshot') {
        const { id, incarnation, revision } = event.value;
        const [formerIncarnation, formerRevision] = versions.get(id) ?? [0n, 0n];
        const grows = incarnation === formerIncarnation ? revision > formerRevision : incarnation > formerIncarnation;
        if (!grows) this.violations.push(`${this.address} went back to ${incarnation}.${revision} of ${id}`);
        versions.set(id, [incarnation, revision]);
        this.seen.set(id, `${incarnation}.${revision}`);
      } else if (event?.$case === 'deleted' || event?.$case === 'unmatched') {
        this.seen.delete(event.value.id);
      }
    }
  }
}
