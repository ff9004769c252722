import {
  type FinishAttemptRequest,
  TaskLifecycleServiceService as lifecycle,
} from '@taskresults/protocol/taskresults/v1/task_lifecycle_service';
import { type TaskResult as PbTaskResult, TaskError } from '@taskresults/protocol/taskresults/v1/task_result';
import { TaskResultServiceService as results } from '@taskresults/protocol/taskresults/v1/task_result_service';
import { v7 as uuidv7 } from 'uuid';
import { changesOf, fieldsOf, incomplete, stateOf } from './answers';
import { Cancellation } from './cancellation';
import type {
  AttemptOptions,
  ClientOptions,
  DeleteOptions,
  FailOptions,
  GetOptions,
  ListOptions,
  Page,
  StartOptions,
  WaitOptions,
} from './client-options';
import { Connection, requireSpan, type UnaryOptions } from './connection';
import { duration } from './duration';
import { endingAtOnce } from './ending-at-once';
import { reportOf } from './error-report';
import { StaleAttemptError, WaitTimedOutError } from './errors';
import { invalidField } from './invalid-field';
import { encode, type JsonFormat, losslessJson } from './json';
import { newerStates } from './newer-states';
import { createdResult, createRequest, filterOf, type NewTask, named, type TaskResultFilter, viewOf } from './requests';
import { type AttemptCalls, type RunContext, type RunOptions, runAttempt } from './run';
import { SharedWatch } from './shared-watch';
import { type CallOptions, TaskResult, type TaskResultSource } from './task-result';
import type {
  StartedAttempt,
  TaskResultChanges,
  TaskResultFields,
  TaskResultVersion,
  TaskState,
} from './task-result-fields';
import { startTimer } from './timer';
import { NO_VERSION, versionMessage, whole } from './version';
import { type TaskResultEvent, type WatchEventsOptions, type WatchTarget, watchEvents } from './watch-events';

/** Ids that one call takes at most. */
const MAX_IDS = 1_000;

/**
 * A client of one taskresults server, for whoever enqueues tasks, runs them or reads their results. It opens one
 * connection, at the first call, and serves any number of calls at a time. Close it when done.
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
      const request = { ids: left.slice(0, MAX_IDS), view: viewOf(view) };
      const answer = await this.#connection.call(results.batchGetTaskResults, request, options);
      for (const result of answer.taskResults) answered.set(result.id, this.#handle(result));
      left = [...answer.deferredIds, ...left.slice(MAX_IDS)];
    }
    const found = [...answered.values()].filter((result) => result !== null);
    return { found, missing: [...answered.keys()].filter((id) => answered.get(id) === null) };
  }

  /** Results that match, newest enqueued first. Pages are fetched as they are consumed. */
  list(filter: TaskResultFilter = {}, options: ListOptions = {}): AsyncGenerator<TaskResult, void, undefined> {
    return endingAtOnce((ended) => this.#listed(filter, options, ended));
  }

  /**
   * One page of `list`: the first, or the one after the page that returned `pageToken`. It may be shorter than asked
   * for.
   */
  async listPage(
    filter: TaskResultFilter = {},
    { view, pageSize = 0, pageToken = '', ...options }: ListOptions & { pageToken?: string } = {},
  ): Promise<Page> {
    const request = { filter: filterOf(filter), pageSize, pageToken, view: viewOf(view) };
    const { taskResults, nextPageToken } = await this.#connection.call(results.listTaskResults, request, options);
    return { results: taskResults.map((result) => this.#handle(result)), nextPageToken };
  }

  /**
   * What has changed since a known version; null: nothing. All fields, `task` included, when the result was created
   * anew since, or when nothing is known: an incarnation and a revision of 0. The server always reads the store for
   * this.
   */
  async changesSince(
    id: string,
    known: TaskResultVersion,
    { view, ...options }: Omit<GetOptions, 'path'> = {},
  ): Promise<TaskResultChanges | TaskResultFields | null> {
    const request = { id, known: versionMessage(known), view: viewOf(view) };
    const { outcome } = await this.#connection.call(results.refreshTaskResult, request, options);
    switch (outcome?.$case) {
      case 'unchanged':
        return null;
      case 'changed':
        return changesOf(outcome.value);
      case 'replaced':
        return fieldsOf(outcome.value);
      default:
        throw incomplete('outcome');
    }
  }

  /**
   * Resolves with the result once it is finished, FAILED or SUCCESSFUL; through restarts of the server. Any number of
   * waits share a few streams.
   *
   * @throws WaitTimedOutError when that takes longer than `timeoutMs`
   * @throws TaskResultDoesNotExistError when there is no such result, or it is deleted meanwhile
   */
  async wait<T = unknown>(
    id: string,
    { timeoutMs = Number.POSITIVE_INFINITY, signal }: WaitOptions = {},
  ): Promise<TaskResult<T>> {
    requireSpan('timeoutMs', timeoutMs);
    // Without any time to wait, one look is left.
    if (timeoutMs <= 0) return this.#finished(id, timeoutMs, signal);
    const limit = new Cancellation(signal);
    const stopTimer = startTimer(timeoutMs, () => limit.abort(new WaitTimedOutError(id, timeoutMs)));
    let last: TaskResult<T> | undefined;
    try {
      for await (last of this.#newerStates<T>(id, NO_VERSION, limit.signal));
    } finally {
      stopTimer();
      limit.release();
    }
    return last as TaskResult<T>;
  }

  /** The result as it is, and each newer state until it is finished. See `TaskResult.watch`. */
  watch<T = unknown>(
    id: string,
    { signal }: Pick<CallOptions, 'signal'> = {},
  ): AsyncGenerator<TaskResult<T>, void, undefined> {
    return endingAtOnce((ended) => this.#newerStates<T>(id, NO_VERSION, signal, ended));
  }

  /**
   * What happens to many results, over a stream of its own, with deletions and ids that are missing. It outlives
   * restarts of the server. It does not report what stopped matching a filter while no stream was open.
   */
  watchEvents(
    target: WatchTarget,
    options: WatchEventsOptions = {},
  ): AsyncGenerator<TaskResultEvent<TaskResult>, void, undefined> {
    return endingAtOnce((ended) => this.#events(target, options, ended));
  }

  /**
   * Registers a task that has been enqueued. The same id and content again: the result that exists, whatever has become
   * of it.
   *
   * @throws TaskResultExistsError when the id is taken by other content
   */
  async create<T = unknown>(task: NewTask, options?: CallOptions): Promise<TaskResult<T>> {
    const request = createRequest(this.#json, task);
    const { state } = await this.#connection.call(lifecycle.createTaskResult, request, options);
    if (state?.revision === 1n) return this.#handle<T>(createdResult(request, state));
    // It existed, and things have happened to it; by now, the id may even be another task's.
    return this.get<T>(request.id, { ...options, path: task.path });
  }

  /** The same, but returns the state alone, whether the result existed or not. */
  async register(task: NewTask, options?: CallOptions): Promise<TaskState> {
    const request = createRequest(this.#json, task);
    return stateOf(await this.#connection.call(lifecycle.createTaskResult, request, options));
  }

  /**
   * A worker takes the task. Without a lease (1 ms to 7 days) the attempt never counts as lost. `force` takes over from
   * another worker. Repeated with the same `requestId`, it returns the same attempt.
   *
   * @throws AttemptInProgressError when another attempt is running
   * @throws StaleAttemptError when the attempt that this `requestId` started is over
   */
  async startAttempt(
    id: string,
    workerId: string,
    { leaseMs, force = false, requestId = uuidv7(), ...options }: StartOptions = {},
  ): Promise<StartedAttempt> {
    const lease = leaseMs === undefined ? undefined : duration('lease', leaseMs);
    const request = { id, workerId, lease, force, requestId: named('request_id', requestId) };
    const answer = await this.#connection.call(lifecycle.startAttempt, request, options);
    const started = { attempt: answer.attempt, ...stateOf(answer) };
    const isRunning = started.status === 'RUNNING' && started.attempts === started.attempt;
    if (!isRunning) throw isOver(started);
    return started;
  }

  /** The lease of the running attempt now ends `leaseMs` from now. */
  async renewLease(
    id: string,
    attempt: number,
    leaseMs: number,
    { incarnation = 0, ...options }: AttemptOptions = {},
  ): Promise<TaskState> {
    const request = { id, incarnation: whole('incarnation', incarnation), attempt, lease: duration('lease', leaseMs) };
    return stateOf(await this.#connection.call(lifecycle.renewLease, request, options));
  }

  /** The attempt returned a value; undefined is null. */
  async succeed(id: string, attempt: number, value?: unknown, options?: AttemptOptions): Promise<TaskState> {
    return this.#finish(id, attempt, { $case: 'succeeded', value: { returnValueJson: this.#encode(value) } }, options);
  }

  /**
   * The attempt failed with `error`, anything thrown or a report. `retry`: back to READY for another attempt, unless it
   * was the last one.
   */
  async fail(
    id: string,
    attempt: number,
    error: unknown,
    { retry = false, ...options }: FailOptions = {},
  ): Promise<TaskState> {
    const value = { error: TaskError.fromPartial(reportOf(error)), retry };
    return this.#finish(id, attempt, { $case: 'failed', value }, options);
  }

  /** The task could not be started at all. */
  async failTask(id: string, error?: unknown, options?: CallOptions): Promise<TaskState> {
    const request = { id, error: error === undefined ? undefined : TaskError.fromPartial(reportOf(error)) };
    return stateOf(await this.#connection.call(lifecycle.failTaskResult, request, options));
  }

  /**
   * Removes a result in any state; with `version`, only when it has this one. Unless a missing result is allowed, the
   * call is not repeated after a lost answer.
   */
  async delete(id: string, { version, allowMissing = false, ...options }: DeleteOptions = {}): Promise<void> {
    // As a message, nothing known is no condition: whatever is there would be deleted.
    if (version?.incarnation === 0) throw invalidField('version.incarnation', 'must not be 0');
    const request = { id, version: version && versionMessage(version), allowMissing };
    await this.#connection.call(lifecycle.deleteTaskResult, request, { ...options, isRepeatable: allowMissing });
  }

  /**
   * Makes one attempt at a task as a worker: registers it, or takes the result with the id given, calls `work`, renews
   * the lease meanwhile, and reports what came of it. Returns the finished result. The report is repeated for as long
   * as the lease lasts, so that an outcome is not lost when the server is away for a while.
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
    // As it was taken: the function may refresh what it is given.
    const taken = new TaskResult<T>(this.#source, result);
    const { state, returnValueJson } = await runAttempt(this.#attemptCalls(workerId), result, work, options);
    try {
      const now = await new TaskResult<T>(this.#source, taken).refresh();
      if (now.incarnation === state.incarnation) return now;
    } catch {
      // The success is recorded, whatever became of the answer to this last question.
    }
    return taken.succeeded(state, workerId, returnValueJson);
  }

  /**
   * Ends waits, watches and calls under way, which throw a CancelledError, and closes the connection. The signal of a
   * `run` is aborted, too; its outcome is not reported any more.
   */
  close(): void {
    this.#watches.close();
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async *#listed(
    filter: TaskResultFilter,
    { signal, ...options }: ListOptions,
    ended: AbortSignal,
  ): AsyncGenerator<TaskResult, void, undefined> {
    const cancellation = new Cancellation(signal, ended);
    let pageToken = '';
    try {
      do {
        const page = await this.listPage(filter, { ...options, pageToken, signal: cancellation.signal });
        yield* page.results;
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
    } finally {
      cancellation.release();
    }
  }

  async *#events(
    target: WatchTarget,
    { signal, ...options }: WatchEventsOptions,
    ended: AbortSignal,
  ): AsyncGenerator<TaskResultEvent<TaskResult>, void, undefined> {
    const cancellation = new Cancellation(signal, ended);
    try {
      for await (const event of watchEvents(this.#connection, target, { ...options, signal: cancellation.signal })) {
        yield event.type === 'snapshot' ? { ...event, result: new TaskResult(this.#source, event.result) } : event;
      }
    } finally {
      cancellation.release();
    }
  }

  async *#newerStates<T>(
    id: string,
    known: TaskResultVersion,
    ...signals: readonly (AbortSignal | undefined)[]
  ): AsyncGenerator<TaskResult<T>, void, undefined> {
    const states = newerStates(this.#watches, id, known, this.#connection.closing, ...signals);
    for await (const result of states) yield this.#handle<T>(result);
  }

  async #finished<T>(id: string, timeoutMs: number, signal?: AbortSignal): Promise<TaskResult<T>> {
    const result = await this.get<T>(id, { signal });
    if (!result.isFinished) throw new WaitTimedOutError(id, timeoutMs);
    return result;
  }

  /** The calls that an attempt of this worker is made of. */
  #attemptCalls(workerId: string): AttemptCalls {
    return {
      closing: this.#connection.closing,
      start: (id, leaseMs) => this.startAttempt(id, workerId, { leaseMs }),
      renew: ({ id, attempt, incarnation }, leaseMs, options) =>
        this.renewLease(id, attempt, leaseMs, { ...options, incarnation }),
      succeed: async ({ id, attempt, incarnation }, value, timeoutMs) => {
        const returnValueJson = this.#encode(value);
        const outcome = { $case: 'succeeded' as const, value: { returnValueJson } };
        const state = await this.#finish(id, attempt, outcome, { incarnation, timeoutMs, isReport: true });
        return { state, returnValueJson };
      },
      fail: ({ id, attempt, incarnation }, error, retry, timeoutMs) => {
        const outcome = { $case: 'failed' as const, value: { error: TaskError.fromPartial(error), retry } };
        return this.#finish(id, attempt, outcome, { incarnation, timeoutMs, isReport: true });
      },
    };
  }

  async #finish(
    id: string,
    attempt: number,
    outcome: FinishAttemptRequest['outcome'],
    { incarnation = 0, ...options }: AttemptOptions & UnaryOptions = {},
  ): Promise<TaskState> {
    const request = { id, incarnation: whole('incarnation', incarnation), attempt, outcome };
    return stateOf(await this.#connection.call(lifecycle.finishAttempt, request, options));
  }

  #encode(returnValue: unknown): string {
    return encode(this.#json, 'the return value', returnValue === undefined ? null : returnValue);
  }

  #handle<T>(result: PbTaskResult | undefined): TaskResult<T> {
    if (!result) throw incomplete('result');
    return new TaskResult<T>(this.#source, fieldsOf(result));
  }
}

/** The refusal of a start that was repeated so late that there is nothing left to run. */
function isOver({ id, attempt, status }: StartedAttempt): StaleAttemptError {
  const message = `attempt ${attempt} of task result "${id}" is over: it is ${status}`;
  return new StaleAttemptError({ reason: 'STALE_ATTEMPT', message });
}
