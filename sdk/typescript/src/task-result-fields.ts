import type { PreciseDate } from './precise-date';

/** Where a task stands. FAILED and SUCCESSFUL are final. */
export type TaskResultStatus = 'READY' | 'RUNNING' | 'FAILED' | 'SUCCESSFUL';

/**
 * How much of a result is returned: BASIC leaves out args, kwargs and return value, and of errors and worker ids all
 * but the newest; of that error the traceback and what is long in its message.
 */
export type TaskResultView = 'FULL' | 'BASIC';

/** What was asked for. Never changes. */
export interface Task {
  /** The identity of the task, e.g. `app.tasks.send_mail`. */
  readonly path: string;
  /** -100 to 100, higher is more urgent. */
  readonly priority: number;
  readonly queueName: string;
  /** The task must not run before this time; null: it may run at once. */
  readonly runAfter: PreciseDate | null;
  /** The task takes its own result as its first argument. */
  readonly takesContext: boolean;
}

/** One failed attempt. */
export interface TaskError {
  /** The class of what was raised, e.g. `builtins.ValueError` or `TypeError`. */
  readonly exceptionClassPath: string;
  readonly message: string;
  /** Empty in the BASIC view. */
  readonly traceback: string;
  /** The attempt that failed, counted from 1; 0: before any attempt. */
  readonly attempt: number;
  /** Empty before any attempt. */
  readonly workerId: string;
  readonly raisedAt: PreciseDate;
}

/**
 * Identifies one state of a result. A result can be deleted and created anew under the same id, so that a revision
 * alone does not say which state is known. Ordered by incarnation, then by revision. Handles and states are versions,
 * too.
 */
export interface TaskResultVersion {
  /** Which creation of a result under this id; a later one has a higher number. */
  readonly incarnation: number;
  /** Grows at every change, and begins again when the result is created anew. */
  readonly revision: number;
}

/** The part of a result that can change, and the version that it makes up. */
export interface TaskResultChanges extends TaskResultVersion {
  readonly status: TaskResultStatus;
  /** Start of the first attempt; null until then. */
  readonly startedAt: PreciseDate | null;
  /** Start of the newest attempt; null until the first. */
  readonly lastAttemptedAt: PreciseDate | null;
  /** Null until the result is FAILED or SUCCESSFUL. */
  readonly finishedAt: PreciseDate | null;
  /** Attempts started so far, so 1 while the first one runs. */
  readonly attempts: number;
  /** Errors so far, also those that `errors` no longer holds. */
  readonly errorCount: number;
  /** One for each failed attempt, oldest first: the newest that fit into 1 MiB. A FAILED result may have none. */
  readonly errors: readonly TaskError[];
  /** One for each attempt, in order: the newest that fit into 256 KiB. */
  readonly workerIds: readonly string[];
  /** The return value as JSON text, byte for byte; null unless SUCCESSFUL, and in the BASIC view. */
  readonly returnValueJson: string | null;
  /** Labels for finding and correlating. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When retention may remove the result; null: it is kept until deleted. */
  readonly expiresAt: PreciseDate | null;
}

/** All that is sent of a result. */
export interface TaskResultFields extends TaskResultChanges {
  readonly id: string;
  readonly task: Task;
  /** Name of the task backend that the caller used. */
  readonly backend: string;
  readonly enqueuedAt: PreciseDate;
  /** Attempts that may be made; the failure or loss of the last one is final. */
  readonly maxAttempts: number;
  /** Positional arguments as JSON text, byte for byte; null in the BASIC view. */
  readonly argsJson: string | null;
  /** Keyword arguments as JSON text, byte for byte; null in the BASIC view. */
  readonly kwargsJson: string | null;
}

/** What a writing call returns. Its size does not grow with the number of attempts. */
export interface TaskState extends TaskResultVersion {
  readonly id: string;
  readonly status: TaskResultStatus;
  /** Attempts started so far. While RUNNING, this is also the number of the running attempt. */
  readonly attempts: number;
  readonly enqueuedAt: PreciseDate;
  readonly startedAt: PreciseDate | null;
  readonly lastAttemptedAt: PreciseDate | null;
  readonly finishedAt: PreciseDate | null;
  /** When another worker may take the running attempt over; null: not RUNNING, or an attempt without a lease. */
  readonly leaseExpiresAt: PreciseDate | null;
  readonly expiresAt: PreciseDate | null;
}

/**
 * An attempt that has been started, and its state. Its number and the incarnation are its fencing token in all further
 * calls.
 */
export interface StartedAttempt extends TaskState {
  /** Counted from 1. */
  readonly attempt: number;
}

/** Whether a status is final. */
export function isFinal(status: TaskResultStatus): boolean {
  return status === 'FAILED' || status === 'SUCCESSFUL';
}
