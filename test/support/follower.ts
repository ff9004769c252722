import { setTimeout as delay } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import {
  type TaskResult,
  TaskResultStatus,
  type TaskResultVersion,
} from '@taskresults/protocol/taskresults/v1/task_result';
import {
  WatchTaskResultsResponse_End_Reason as EndReason,
  TaskResultServiceClient,
  WatchTaskResultsRequest,
  type WatchTaskResultsResponse,
} from '@taskresults/protocol/taskresults/v1/task_result_service';

/**
 * Watches ids as a well-behaved client does: a stream that ends in any way but ALL_FINISHED is opened again, at the
 * next address, with the versions known.
 */
export class Follower {
  /** The last snapshot of each id. */
  readonly latest = new Map<string, TaskResult>();
  /** How often a stream was opened. */
  opened = 0;
  /** Why streams ended, in order; a gRPC code for those without an `end`. */
  readonly ends: (EndReason | string)[] = [];
  readonly #known = new Map<string, TaskResultVersion>();
  #client: TaskResultServiceClient | null = null;
  #stopped = false;

  constructor(
    ids: readonly string[],
    private readonly addresses: readonly string[],
  ) {
    for (const id of ids) this.#known.set(id, { incarnation: 0n, revision: 0n });
  }

  /** Resolves when every id is finished. Rejects when a version goes back. */
  async untilFinished(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      const end = await this.#follow(this.addresses[turn % this.addresses.length] as string);
      this.ends.push(end);
      if (end === EndReason.REASON_ALL_FINISHED) return;
      await delay(20);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#client?.close();
  }

  async #follow(address: string): Promise<EndReason | string> {
    const client = new TaskResultServiceClient(address, credentials.createInsecure(), {
      'grpc.keepalive_time_ms': 1_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    this.#client = client;
    this.opened++;
    try {
      const taskResults = [...this.#known].map(([id, known]) => ({ id, known }));
      const stream = client.watchTaskResults(
        WatchTaskResultsRequest.fromPartial({ target: { $case: 'ids', value: { taskResults } } }),
      );
      for await (const { event } of stream as AsyncIterable<WatchTaskResultsResponse>) {
        if (event?.$case === 'snapshot') this.#note(event.value);
        if (event?.$case === 'end') return event.value.reason;
      }
      return 'no end';
    } catch (error) {
      if (error instanceof VersionWentBack) throw error;
      return String((error as { code?: unknown }).code);
    } finally {
      client.close();
    }
  }

  #note(result: TaskResult): void {
    const { incarnation, revision } = result;
    const known = this.#known.get(result.id) ?? { incarnation: 0n, revision: 0n };
    const grows = incarnation === known.incarnation ? revision > known.revision : incarnation > known.incarnation;
    if (!grows) {
      throw new VersionWentBack(`${result.id}: ${known.incarnation}.${known.revision} → ${incarnation}.${revision}`);
    }
    this.#known.set(result.id, { incarnation, revision });
    this.latest.set(result.id, result);
  }

  /** Ids that were not seen finished. */
  unfinished(): string[] {
    const finished = [TaskResultStatus.TASK_RESULT_STATUS_FAILED, TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL];
    return [...this.#known.keys()].filter((id) => !finished.includes(this.latest.get(id)?.status as TaskResultStatus));
  }
}

class VersionWentBack extends Error {}
