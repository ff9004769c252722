package io.taskresults.client;

/** How much of a result is read. */
public enum TaskResultView {
  /** Everything. */
  FULL,
  /** Everything but arguments, return value and tracebacks, which may be large. */
  BASIC;

  io.taskresults.v1.TaskResultView toProto() {
    return switch (this) {
      case FULL -> io.taskresults.v1.TaskResultView.TASK_RESULT_VIEW_FULL;
      case BASIC -> io.taskresults.v1.TaskResultView.TASK_RESULT_VIEW_BASIC;
    };
  }
}
