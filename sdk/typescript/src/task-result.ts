import { endingAtOnce } from './ending-at-once';
import { TaskFailedError, TaskNotFinishedError, TaskResultsError } from './errors';
import { decode, type JsonFormat } from './json';
import type { PreciseDate } from './precise-date';
import {
  isFinal,
  type Task,
  type TaskError,
  type TaskResultChanges,
  type TaskResultFields,
  type TaskResultStatus,
  type TaskResultVersion,
  type TaskState,
} from './task-result-fields';
import { compareVersions } from './version';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call: it rejects with a CancelledError. */
  signal?: AbortSignal;
  /**
   * How long the call may take with all its repetitions, in milliseconds; `Infinity`: for ever. The client's
   * `timeoutMs` by default.
   */
  timeoutMs?: number;
}

/** Where a handle asks for news. */
export interface TaskResultSource {
  readonly json: JsonFormat;
  changesSince(
    id: string,
    known: TaskResultVersion,
    options?: CallOptions,
  ): Promise<TaskResultChanges | TaskResultFields | null>;
  newerStates<T>(
    id: string,
    known: TaskResultVersion,
    ...signals: readonly (AbortSignal | undefined)[]
  ): AsyncGenerator<TaskResult<T>, void, undefined>;
}

/**
 * The outcome of a task as it was when it was read. A handle never changes by itself: `refresh` brings it up to date,
 * `watch` and `wait` yield new ones. Made by a client, never by hand.
 *
 * @typeParam T what the task returns; not checked
 */
export class TaskResult<T = unknown> implements TaskResultFields {
  readonly id!: string;
  readonly task!: Task;
  readonly backend!: string;
  readonly argsJson!: string | null;
  readonly kwargsJson!: string | null;
  readonly status!: TaskResultStatus;
  readonly enqueuedAt!: PreciseDate;
  readonly startedAt!: PreciseDate | null;
  readonly lastAttemptedAt!: PreciseDate | null;
  readonly finishedAt!: PreciseDate | null;
  readonly maxAttempts!: number;
  readonly attempts!: number;
  readonly errorCount!: number;
  readonly errors!: readonly TaskError[];
  readonly workerIds!: readonly string[];
  readonly returnValueJson!: string | null;
  readonly metadata!: Readonly<Record<string, string>>;
  readonly incarnation!: number;
  readonly revision!: number;
  readonly expiresAt!: PreciseDate | null;
  readonly #source: TaskResultSource;
  /** Values decoded so far, by the name of their text. */
  readonly #decoded = new Map<string, unknown>();

  /** @internal */
  constructor(source: TaskResultSource, fields: TaskResultFields) {
    this.#source = source;
    Object.assign(this, fields);
  }

  /** FAILED or SUCCESSFUL: it never changes again. */
  get isFinished(): boolean {
    return isFinal(this.status);
  }

  /** Positional arguments, decoded at the first access. Throws in the BASIC view. */
  get args(): readonly unknown[] {
    return this.#decode('args', this.argsJson) as readonly unknown[];
  }

  /** Keyword arguments, decoded at the first access. Throws in the BASIC view. */
  get kwargs(): Readonly<Record<string, unknown>> {
    return this.#decode('kwargs', this.kwargsJson) as Readonly<Record<string, unknown>>;
  }

  /**
   * What the task returned, decoded at the first access; null is a value.
   *
   * @throws TaskFailedError when it failed
   * @throws TaskNotFinishedError while it is READY or RUNNING
   */
  get returnValue(): T {
    if (this.status === 'FAILED') throw new TaskFailedError(this.errors);
    if (this.status !== 'SUCCESSFUL') throw new TaskNotFinishedError();
    return this.#decode('return value', this.returnValueJson) as T;
  }

  /**
   * Brings this handle up to date, in place: status, times, attempts, errors, worker ids, return value, metadata and
   * revision; everything, when the result was deleted and created anew. Costs next to nothing when the result has not
   * changed. When it throws, the handle keeps what it had.
   *
   * @throws TaskResultDoesNotExistError when the result was deleted
   */
  async refresh(options?: CallOptions): Promise<this> {
    const known = this.#version;
    const changes = await this.#source.changesSince(this.id, known, options);
    // When two refreshes are in flight at a time, the older answer may come last.
    const isNewer = changes && (compareVersions(this, known) === 0 || compareVersions(changes, this) > 0);
    if (isNewer) {
      Object.assign(this, changes);
      if ('task' in changes) this.#decoded.clear();
      else this.#decoded.delete('return value');
    }
    return this;
  }

  /**
   * @internal What is known once the report of an attempt's success was accepted and the rest could not be read.
   * The version stays that of the last reading, so that the next refresh asks for everything since.
   */
  succeeded(state: TaskState, workerId: string, returnValueJson: string): this {
    const { status, attempts, startedAt, lastAttemptedAt, finishedAt, expiresAt } = state;
    const workerIds = [...this.workerIds, workerId];
    const known = { status, attempts, startedAt, lastAttemptedAt, finishedAt, expiresAt, workerIds, returnValueJson };
    return Object.assign(this, known);
  }

  /**
   * Yields a new handle for each newer state until the result is finished, through restarts of the server. A caller
   * that reads slowly may miss states in between, never the last one. Ends at once when this handle is finished.
   *
   * @throws TaskResultDoesNotExistError when the result is deleted
   */
  watch({ signal }: Pick<CallOptions, 'signal'> = {}): AsyncGenerator<TaskResult<T>, void, undefined> {
    return endingAtOnce((ended) => this.#newerStates(signal, ended));
  }

  async *#newerStates(
    ...signals: readonly (AbortSignal | undefined)[]
  ): AsyncGenerator<TaskResult<T>, void, undefined> {
    if (!this.isFinished) yield* this.#source.newerStates<T>(this.id, this.#version, ...signals);
  }

  /** A copy as it is now, since this handle may be refreshed. */
  get #version(): TaskResultVersion {
    return { incarnation: this.incarnation, revision: this.revision };
  }

  #decode(name: string, text: string | null): unknown {
    const what = `the ${name} of task result "${this.id}"`;
    if (text === null) {
      throw new TaskResultsError({ reason: 'FAILED_PRECONDITION', message: `${what} is left out of the BASIC view` });
    }
    if (!this.#decoded.has(name)) this.#decoded.set(name, decode(this.#source.json, what, text));
    return this.#decoded.get(name);
  }
}
