import type { ConnectionOptions } from './connection';
import type { JsonFormat } from './json';
import type { CallOptions, TaskResult } from './task-result';
import type { TaskResultView } from './task-result-fields';

export interface ClientOptions extends ConnectionOptions {
  /** How values become JSON text and come back. Default: losslessly, with BigInt for integers beyond 2^53. */
  json?: JsonFormat;
}

export interface GetOptions extends CallOptions {
  /** The result must belong to this task: otherwise it throws a TaskResultMismatchError. */
  path?: string;
  /** Default FULL. */
  view?: TaskResultView;
}

export interface ListOptions extends CallOptions {
  /** Default FULL. */
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
  /** How long to wait at most, in milliseconds. Default: for ever. */
  timeoutMs?: number;
}
