/** The plain types of the product. `proto/taskresults/v1/task_result.proto` says what each field means. */

/** A moment: microseconds since 1970-01-01 UTC. Exact as a number until the year 2255. */
export type Micros = number;

/** The clock of the service. */
export type Clock = () => Micros;

export type TaskResultStatus = 'READY' | 'RUNNING' | 'FAILED' | 'SUCCESSFUL';

/** BASIC leaves out arguments and return value, and most of the history. See `inView`. */
export type View = 'BASIC' | 'FULL';

export interface Task {
  path: string;
  priority: number;
  queueName: string;
  runAfter: Micros | null;
  takesContext: boolean;
}

/** A failure as a worker reports it. */
export interface ReportedError {
  exceptionClassPath: string;
  message: string;
  traceback: string;
}

export interface TaskError extends ReportedError {
  /** 0: before any attempt. */
  attempt: number;
  workerId: string;
  raisedAt: Micros;
}

export type Metadata = Readonly<Record<string, string>>;

export interface TaskResult {
  id: string;
  task: Task;
  status: TaskResultStatus;
  enqueuedAt: Micros;
  startedAt: Micros | null;
  lastAttemptedAt: Micros | null;
  finishedAt: Micros | null;
  /** Empty in the BASIC view, as is `kwargsJson`. */
  argsJson: string;
  kwargsJson: string;
  backend: string;
  maxAttempts: number;
  /** Attempts started so far. */
  attempts: number;
  /** Errors so far, dropped ones included. */
  errorCount: number;
  /** The newest, oldest first. In the BASIC view at most one, without its traceback. */
  errors: TaskError[];
  /** One for each attempt, in any view: filters look at them. */
  workerIds: string[];
  /** Null unless SUCCESSFUL, and in the BASIC view. */
  returnValueJson: string | null;
  metadata: Metadata;
  incarnation: number;
  revision: number;
  expiresAt: Micros | null;
}

/** Finished results never change again. */
export function isFinished(status: TaskResultStatus): boolean {
  return status === 'FAILED' || status === 'SUCCESSFUL';
}
