import { v7 as uuidv7 } from 'uuid';
import { changesOf, fieldsOf, incomplete, stateOf } from './answers';
import { Cancellation, LONGEST_TIMER_MS } from './cancellation';
import type { ClientOptions, GetOptions, ListOptions, Page, WaitOptions } from './client-options';
import { Connection } from './connection';
import { duration } from './duration';
import { reportOf } from './error-report';
import { CancelledError, WaitTimedOutError } from './errors';
import { TaskLifecycleServiceService as lifecycle } from './gen/taskresults/v1/task_lifecycle_service';
import { type TaskResult as PbTaskResult, TaskError } from './gen/taskresults/v1/task_result';
import { TaskResultServiceService as results } from './gen/taskresults/v1/task_result_service';
import { encode, type JsonFormat, losslessJson } from './json';
import { newerStates } from './newer-states';
import { createdResult, createRequest, filterOf, type NewTask, type TaskResultFilter, viewOf } from './requests';
import { type RunContext, type RunOptions, runAttempt } from './run';
import { SharedWatch } from './shared-watch';
import { type CallOptions, TaskResult, type TaskResultSource } from './task-result';
import type { TaskResultChanges, TaskState } from './task-result-fields';
import { type TaskResultEvent, type WatchEventsOptions, type WatchTarget, watchEvents } from './watch-events';

/** Most ids that one call takes. */
const MOST_IDS = 1_000;

/**
 * A client of one taskresults server, for readers, enqueuers and workers. It opens one connection, at the first call, and is good
 * for any number of calls at a time. Close it when done.
 *
 * Every method that talks to the server throws a TaskResultsError when it does not get what it asked for.
 */
export class TaskResults {
  readonly #json: JsonFormat;
  readonly #connection: Connection;
  readonly #watches: SharedWatch;
  /** Where handles ask for news. */
  readonly #source: TaskResultSource;

  /** `target`: `host:port`, or any other name that gRPC resolves. */
  constructor(target: string, { json = losslessJson, ...options }: ClientOptions = {}) {
    this.#json = json;
    this.#connection = new Connection(target, options);
    this.#watches = new SharedWatch((taskResults, signal) =>
      this.#connection.watch({ target: { $case: 'ids', value: { taskResults } } }, { signal }),
    );
    this.#source = {
      json,
      changesSince: (...given) => this.changesSince(...given),
      newerStates: (...given) => this.#newerStates(...given),
    };
  }

  /** The whole result. `T` is what the task returns; it is not checked, but `path` is. */
  async get<T = unknown>(id: string, { path = '', view, ...options }: GetOptions = {}): Promise<TaskResult<T>> {
    const request = { id, expectedTaskPath: path, view: viewOf(view) };
    const { taskResult } = await this.#connection.call(results.getTaskResult, request, options);
    return this.#handle(taskResult);
  }

  /** Any number of results: those found in the order asked, each once, and the ids that no result has. */
  async getMany(
    ids: readonly string[],
    { view, ...options }: Omit<GetOptions, 'path'> = {},
  ): Promise<{ found: TaskResult[]; missing: string[] }> {
    const answered = new Map<string, TaskResult | null>([...ids].map((id) => [id, null]));
    let left = [...answered.keys()];
    while (left.length > 0) {
      const request = { ids: left.slice(0, MOST_IDS), view: viewOf(view) };
      const answer = await this.#connection.call(results.batchGetTaskResults, request, options);
      for (const result of answer.taskResults) answered.set(result.id, this.#handle(result));
      left = [...answer.deferredIds, ...left.slice(MOST_IDS)];
    }
    const found = [...answered.values()].filter((result) => result !== null);
    return { found, missing: [...answered.keys()].filter((id) => answered.get(id) === null) };
  }

  /** Results that match, newest enqueued first. Pages are fetched as they are consumed. */
  async *list(filter: TaskResultFilter = {}, options: ListOptions = {}): AsyncGenerator<TaskResult, void, undefined> {
    let pageToken = '';
    do {
      const page = await this.listPage(filter, { ...options, pageToken });
      yield* page.results;
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
  }

  /** One page of `list`: the first, or the one that `pageToken` of the page before stands for. May be shorter than asked. */
  async listPage(
    filter: TaskResultFilter = {},
    { view, pageSize = 0, pageToken = '', ...options }: ListOptions & { pageToken?: string } = {},
  ): Promise<Page> {
    const request = { filter: filterOf(filter), pageSize, pageToken, view: viewOf(view) };
    const { taskResults, nextPageToken } = await this.#connection.call(results.listTaskResults, request, options);
    return { results: taskResults.map((result) => this.#handle(result)), nextPageToken };
  }

  /** What has changed since a known revision; null: nothing. Always asked of the store. */
  async changesSince(id: string, revision: number, options?: CallOptions): Promise<TaskResultChanges | null> {
    const request = { id, knownRevision: BigInt(revision) };
    const { outcome } = await this.#connection.call(results.refreshTaskResult, request, options);
    return outcome?.$case === 'update' ? changesOf(outcome.value) : null;
  }

  /**
   * Resolves with the result once it is finished, FAILED or SUCCESSFUL; through restarts of the server. Any number of waits
   * share a few streams.
   *
   * @throws WaitTimedOutError when that takes longer than `timeoutMs`
   * @throws TaskResultDoesNotExistError when there is no such result, or it is deleted meanwhile
   */
  async wait<T = unknown>(id: string, { timeoutMs, signal }: WaitOptions = {}): Promise<TaskResult<T>> {
    const limit = new Cancellation(signal);
    const isLimited = timeoutMs !== undefined && timeoutMs <= LONGEST_TIMER_MS;
    const onTimeout = () => limit.abort(new WaitTimedOutError(id, timeoutMs as number));
    const timer = isLimited ? setTimeout(onTimeout, timeoutMs) : undefined;
    let last: TaskResult<T> | undefined;
    try {
      for await (last of this.#newerStates<T>(id, 0, limit.signal));
    } finally {
      clearTimeout(timer);
      limit.release();
    }
    return last as TaskResult<T>;
  }

  /** The result as it is, and each newer state until it is finished. See `TaskResult.watch`. */
  watch<T = unknown>(
    id: string,
    { signal }: Pick<CallOptions, 'signal'> = {},
  ): AsyncGenerator<TaskResult<T>, void, undefined> {
    return this.#newerStates(id, 0, signal);
  }

  /**
   * What happens to many results, over a stream of its own, with deletions and ids that are missing. It outlives restarts of the
   * server; what stopped matching a filter meanwhile is not told.
   */
  async *watchEvents(
    target: WatchTarget,
    options: WatchEventsOptions = {},
  ): AsyncGenerator<TaskResultEvent<TaskResult>, void, undefined> {
    for await (const event of watchEvents(this.#connection, target, options)) {
      yield event.type === 'snapshot' ? { ...event, result: new TaskResult(this.#source, event.result) } : event;
    }
  }

  /**
   * Registers a task that has been enqueued. The same id and content again: the result that exists, whatever became of it.
   *
   * @throws TaskResultExistsError when the id is taken by other content
   */
  async create<T = unknown>(task: NewTask, options?: CallOptions): Promise<TaskResult<T>> {
    const request = createRequest(this.#json, task.id ?? uuidv7(), task);
    const { state } = await this.#connection.call(lifecycle.createTaskResult, request, options);
    // Otherwise it existed, and things have happened to it.
    const isNew = state?.revision === 1n;
    return isNew ? this.#handle<T>(createdResult(request, state)) : this.get<T>(request.id, options);
  }

  /** The same, answered with the state alone, whether it existed or not. */
  async register(task: NewTask, options?: CallOptions): Promise<TaskState> {
    const request = createRequest(this.#json, task.id ?? uuidv7(), task);
    return stateOf(await this.#connection.call(lifecycle.createTaskResult, request, options));
  }

  /**
   * A worker takes the task. Without a lease (1 ms to 7 days) the attempt is never lost by itself. `force` takes over
   * from another worker. Repeated while the attempt is running, it answers the same attempt.
   */
  async startAttempt(
    id: string,
    workerId: string,
    { leaseMs, force = false, ...options }: CallOptions & { leaseMs?: number; force?: boolean } = {},
  ): Promise<TaskState & { readonly attempt: number }> {
    const request = { id, workerId, lease: leaseMs === undefined ? undefined : duration(leaseMs), force };
    const answer = await this.#connection.call(lifecycle.startAttempt, request, options);
    return { attempt: answer.attempt, ...stateOf(answer) };
  }

  /** The lease of the running attempt now ends `leaseMs` from now. */
  async renewLease(id: string, attempt: number, leaseMs: number, options?: CallOptions): Promise<TaskState> {
    const request = { id, attempt, lease: duration(leaseMs) };
    return stateOf(await this.#connection.call(lifecycle.renewLease, request, options));
  }

  /** The attempt returned a value; undefined is null. */
  async succeed(id: string, attempt: number, value?: unknown, options?: CallOptions): Promise<TaskState> {
    const returnValueJson = encode(this.#json, 'the return value', value === undefined ? null : value);
    const request = { id, attempt, outcome: { $case: 'succeeded' as const, value: { returnValueJson } } };
    return stateOf(await this.#connection.call(lifecycle.finishAttempt, request, options));
  }

  /** The attempt failed with `error`, anything thrown or a report. `retry`: back to READY for another attempt. */
  async fail(
    id: string,
    attempt: number,
    error: unknown,
    { retry = false, ...options }: CallOptions & { retry?: boolean } = {},
  ): Promise<TaskState> {
    const value = { error: TaskError.fromPartial(reportOf(error)), retry };
    const request = { id, attempt, outcome: { $case: 'failed' as const, value } };
    return stateOf(await this.#connection.call(lifecycle.finishAttempt, request, options));
  }

  /** The task could not be started at all. */
  async failTask(id: string, error?: unknown, options?: CallOptions): Promise<TaskState> {
    const request = { id, error: error === undefined ? undefined : TaskError.fromPartial(reportOf(error)) };
    return stateOf(await this.#connection.call(lifecycle.failTaskResult, request, options));
  }

  /**
   * Removes a result in any state; with `revision`, only when it has this one. Unless a missing result is allowed, the call is not
   * repeated after a lost answer.
   */
  async delete(
    id: string,
    {
      revision = 0,
      allowMissing = false,
      ...options
    }: CallOptions & { revision?: number; allowMissing?: boolean } = {},
  ): Promise<void> {
    const request = { id, revision: BigInt(revision), allowMissing };
    await this.#connection.call(lifecycle.deleteTaskResult, request, { ...options, isRepeatable: allowMissing });
  }

  /**
   * Makes one attempt at a task as a worker: registers it, or takes the result with the id given, calls `work`, renews
   * the lease meanwhile, and reports what came of it. Returns the finished result.
   *
   * @throws whatever `work` throws, once that is reported
   * @throws StaleAttemptError when another worker has taken the task over
   */
  async run<T>(
    task: NewTask | string,
    workerId: string,
    work: (context: RunContext) => T | Promise<T>,
    options: RunOptions = {},
  ): Promise<TaskResult<T>> {
    const result = typeof task === 'string' ? await this.get<T>(task) : await this.create<T>(task);
    await runAttempt(this, result, workerId, work, options);
    return result.refresh();
  }

  /** Ends waits, watches and calls under way, which throw a CancelledError, and lets the connection go. */
  close(): void {
    this.#watches.close(new CancelledError('the client is closed'));
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#newerStates<T>(
    id: string,
    revision: number,
    signal?: AbortSignal,
  ): AsyncGenerator<TaskResult<T>, void, undefined> {
    const states = newerStates(this.#watches, id, revision, this.#connection.closing, signal);
    for await (const result of states) yield this.#handle<T>(result);
  }

  #handle<T>(result: PbTaskResult | undefined): TaskResult<T> {
    if (!result) throw incomplete('result');
    return new TaskResult<T>(this.#source, fieldsOf(result));
  }
}
