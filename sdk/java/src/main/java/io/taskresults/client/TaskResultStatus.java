package io.taskresults.client;

/** Where a task stands. */
public enum TaskResultStatus {
  /** Enqueued, or waiting for another attempt after a failed one. */
  READY,
  /** A worker has started an attempt and has not finished it. */
  RUNNING,
  /** Finished: the last attempt failed, or the task could not be started at all. */
  FAILED,
  /** Finished: the last attempt returned a value. */
  SUCCESSFUL,
  /** One that the contract did not have yet when this client was made: not finished. */
  UNKNOWN;

  /**
   * Whether it is final.
   *
   * @return true for {@link #FAILED} and {@link #SUCCESSFUL}
   */
  public boolean isFinished() {
    return this == FAILED || this == SUCCESSFUL;
  }

  static TaskResultStatus of(io.taskresults.v1.TaskResultStatus status) {
    return switch (status) {
      case TASK_RESULT_STATUS_READY -> READY;
      case TASK_RESULT_STATUS_RUNNING -> RUNNING;
      case TASK_RESULT_STATUS_FAILED -> FAILED;
      case TASK_RESULT_STATUS_SUCCESSFUL -> SUCCESSFUL;
      default -> UNKNOWN;
    };
  }

  io.taskresults.v1.TaskResultStatus toProto() {
    return switch (this) {
      case READY -> io.taskresults.v1.TaskResultStatus.TASK_RESULT_STATUS_READY;
      case RUNNING -> io.taskresults.v1.TaskResultStatus.TASK_RESULT_STATUS_RUNNING;
      case FAILED -> io.taskresults.v1.TaskResultStatus.TASK_RESULT_STATUS_FAILED;
      case SUCCESSFUL -> io.taskresults.v1.TaskResultStatus.TASK_RESULT_STATUS_SUCCESSFUL;
      case UNKNOWN -> io.taskresults.v1.TaskResultStatus.TASK_RESULT_STATUS_UNSPECIFIED;
    };
  }
}
