package io.taskresults.client;

import io.taskresults.v1.AttemptPolicy;
import io.taskresults.v1.CreateTaskResultRequest;
import io.taskresults.v1.TaskResult;
import io.taskresults.v1.TaskResultState;
import io.taskresults.v1.TaskResultStatus;

/**
 * A new result, known from what it was created with: it has had no attempt, so there is nothing to
 * read.
 */
final class Created {
  /** What the service fills in. It is not sent, since what is sent is content. */
  private static final AttemptPolicy DEFAULT_ATTEMPT_POLICY =
      AttemptPolicy.newBuilder().setMaxAttempts(100).build();

  private Created() {}

  /** A result that was there before may have come further. */
  static boolean isUntouched(TaskResultState state) {
    return state.getStatus() == TaskResultStatus.TASK_RESULT_STATUS_READY
        && state.getAttempts() == 0;
  }

  static TaskResult of(CreateTaskResultRequest request, TaskResultState state) {
    return TaskResult.newBuilder()
        .setId(state.getId())
        .setTask(request.getTask())
        .setStatus(state.getStatus())
        .setEnqueuedAt(state.getEnqueuedAt())
        .setArgsJson(request.getArgsJson())
        .setKwargsJson(request.getKwargsJson())
        .setBackend(request.getBackend())
        .putAllMetadata(request.getMetadataMap())
        .setAttemptPolicy(
            request.hasAttemptPolicy() ? request.getAttemptPolicy() : DEFAULT_ATTEMPT_POLICY)
        .setIncarnation(state.getIncarnation())
        .setRevision(state.getRevision())
        .build();
  }
}
