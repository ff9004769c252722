package io.taskresults.client;

import io.taskresults.v1.TaskResult;
import io.taskresults.v1.TaskResultUpdate;

/** A result with everything that can change replaced, and the rest kept. */
final class Refreshed {
  private Refreshed() {}

  static TaskResult of(TaskResult known, TaskResultUpdate update) {
    TaskResult.Builder newer = TaskResult.newBuilder()
        .setId(known.getId())
        .setTask(known.getTask())
        .setArgsJson(known.getArgsJson())
        .setKwargsJson(known.getKwargsJson())
        .setBackend(known.getBackend())
        .setStatus(update.getStatus())
        .setEnqueuedAt(update.getEnqueuedAt())
        .addAllErrors(update.getErrorsList())
        .addAllWorkerIds(update.getWorkerIdsList())
        .putAllMetadata(update.getMetadataMap())
        .setRevision(update.getRevision());
    if (update.hasStartedAt()) newer.setStartedAt(update.getStartedAt());
    if (update.hasLastAttemptedAt()) newer.setLastAttemptedAt(update.getLastAttemptedAt());
    if (update.hasFinishedAt()) newer.setFinishedAt(update.getFinishedAt());
    if (update.hasReturnValueJson()) newer.setReturnValueJson(update.getReturnValueJson());
    if (update.hasExpiresAt()) newer.setExpiresAt(update.getExpiresAt());
    return newer.build();
  }
}
