package io.taskresults.client;

/** How much of a result is read. */
public enum TaskResultView {
  /** Everything. In a list, a result larger than 4 MiB comes in the view BASIC even so. */
  FULL,
  /**
   * Everything but arguments and return value. Of errors and workers it has the newest alone,
   * without the traceback and with 8 KiB of the message at most.
   */
  BASIC;

  io.taskresults.v1.TaskResultView toProto() {
    return switch (this) {
      case FULL -> io.taskresults.v1.TaskResultView.TASK_RESULT_VIEW_FULL;
      case BASIC -> io.taskresults.v1.TaskResultView.TASK_RESULT_VIEW_BASIC;
    };
  }
}
