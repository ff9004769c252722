package io.taskresults.client;

import io.taskresults.v1.CreateTaskResultRequest;
import io.taskresults.v1.TaskResult;
import io.taskresults.v1.TaskResultState;

/**
 * A new result, known from what it was created with: it has had no attempt, so there is nothing to
 * read.
 */
final class Created {
  private Created() {}

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
        .setRevision(state.getRevision())
        .build();
  }
}
