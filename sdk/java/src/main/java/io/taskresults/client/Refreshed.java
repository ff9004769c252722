package io.taskresults.client;

import io.taskresults.v1.TaskResult;

/** A result with everything that can change replaced, and what never does kept. */
final class Refreshed {
  private Refreshed() {}

  static TaskResult of(TaskResult known, TaskResult changed) {
    return changed.toBuilder()
        .setTask(known.getTask())
        .setEnqueuedAt(known.getEnqueuedAt())
        .setArgsJson(known.getArgsJson())
        .setKwargsJson(known.getKwargsJson())
        .setBackend(known.getBackend())
        .setAttemptPolicy(known.getAttemptPolicy())
        .build();
  }
}
