package io.taskresults.client;

import io.taskresults.v1.TaskResult;
import io.taskresults.v1.TaskResultStatus;
import java.util.Optional;

/**
 * A result after its attempt has succeeded, known from what was known before: there is nothing to
 * read.
 */
final class Succeeded {
  private Succeeded() {}

  /**
   * Empty unless the attempt is the one that followed upon what was known, since an attempt in
   * between has left what is not known here.
   */
  static Optional<TaskResult> of(
      TaskResult known, TaskResultState state, String workerId, String returnValueJson) {
    boolean followed = known.getIncarnation() == state.incarnation()
        && known.getStatus() == TaskResultStatus.TASK_RESULT_STATUS_READY
        && known.getAttempts() + 1 == state.attempts();
    if (!followed) return Optional.empty();
    TaskResult.Builder newer = known.toBuilder()
        .setStatus(state.status().toProto())
        .setAttempts(state.attempts())
        .addWorkerIds(workerId)
        .setReturnValueJson(returnValueJson)
        .setRevision(state.revision());
    state.startedAt().map(ProtoTime::timestamp).ifPresent(newer::setStartedAt);
    state.lastAttemptedAt().map(ProtoTime::timestamp).ifPresent(newer::setLastAttemptedAt);
    state.finishedAt().map(ProtoTime::timestamp).ifPresent(newer::setFinishedAt);
    state.expiresAt().map(ProtoTime::timestamp).ifPresent(newer::setExpiresAt);
    return Optional.of(newer.build());
  }
}
