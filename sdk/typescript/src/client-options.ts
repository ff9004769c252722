import type { ConnectionOptions } from './connection';
import type { JsonFormat } from './json';
import type { CallOptions, TaskResult } from './task-result';
import type { TaskResultVersion, TaskResultView } from './task-result-fields';

export interface ClientOptions extends ConnectionOptions {
  /** How values become JSON text and come back. Default: losslessly, with BigInt for integers beyond 2^53. */
  json?: JsonFormat;
}

export interface GetOptions extends CallOptions {
  /** The result must belong to this task: otherwise the call throws a TaskResultMismatchError. */
  path?: string;
  /** Default FULL. */
  view?: TaskResultView;
}

export interface ListOptions extends CallOptions {
  /** Default BASIC. In FULL, a result that is larger than 4 MiB comes in BASIC even so. */
  view?: TaskResultView;
  /** Results of one page, 1 to 1,000. Default 50. */
  pageSize?: number;
}

export interface Page {
  readonly results: TaskResult[];
  /** For the next page; empty: this was the last. */
  readonly nextPageToken: string;
}

export interface WaitOptions {
  signal?: AbortSignal;
  /** How long to wait at most, in milliseconds; 0: look once. Default `Infinity`: for ever. */
  timeoutMs?: number;
}

export interface StartOptions extends CallOptions {
  /** The attempt counts as lost unless finished or renewed within this time, 1 ms to 7 days. Default: never. */
  leaseMs?: number;
  /** Takes over the task even if another attempt is running. Default false. */
  force?: boolean;
  /**
   * Identifies the start among all starts of the result, up to 255 characters, so that a repetition counts as one. A
   * worker may take what identifies the delivery of its task. Default: a new UUID for each call of the method, the same
   * in its own repetitions.
   */
  requestId?: string;
}

export interface AttemptOptions extends CallOptions {
  /**
   * The incarnation of the result when the attempt was started. With it, an attempt of a deleted result is never
   * mistaken for one of a result that was created anew under the id. Default: whichever result has the id.
   */
  incarnation?: number;
}

export interface FailOptions extends AttemptOptions {
  /** Back to READY for another attempt; FAILED after the last one that the result may have. Default false. */
  retry?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /**
   * Only this version, which may be a handle or a state. A revision of 0: any of the incarnation. Default: any version.
   */
  version?: TaskResultVersion;
  /** A missing result is no error. Default false. */
  allowMissing?: boolean;
}
