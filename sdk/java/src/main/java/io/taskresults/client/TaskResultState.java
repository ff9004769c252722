package io.taskresults.client;

import java.time.Instant;
import java.util.Optional;

/**
 * What a write returns: the part of a result whose size does not grow with the number of attempts.
 *
 * @param id the result's id
 * @param status where it stands
 * @param version which creation it is, and its revision
 * @param attempts number of attempts so far; while RUNNING, this is also the number of the running
 *     attempt
 * @param enqueuedAt when it was created
 * @param startedAt start of the first attempt
 * @param lastAttemptedAt start of the newest attempt
 * @param finishedAt when it became FAILED or SUCCESSFUL
 * @param leaseExpiresAt when another worker may take the running attempt over; absent without a
 *     lease
 * @param expiresAt when retention may remove it; absent when it is kept until deleted
 */
public record TaskResultState(
    String id,
    TaskResultStatus status,
    TaskResultVersion version,
    int attempts,
    Instant enqueuedAt,
    Optional<Instant> startedAt,
    Optional<Instant> lastAttemptedAt,
    Optional<Instant> finishedAt,
    Optional<Instant> leaseExpiresAt,
    Optional<Instant> expiresAt) {

  /** {@return which creation of a result under this id} */
  public long incarnation() {
    return version.incarnation();
  }

  /** {@return its revision} */
  public long revision() {
    return version.revision();
  }

  static TaskResultState of(io.taskresults.v1.TaskResultState state) {
    return new TaskResultState(
        state.getId(),
        TaskResultStatus.of(state.getStatus()),
        new TaskResultVersion(state.getIncarnation(), state.getRevision()),
        state.getAttempts(),
        ProtoTime.instant(state.getEnqueuedAt()),
        ProtoTime.instant(state.hasStartedAt(), state.getStartedAt()),
        ProtoTime.instant(state.hasLastAttemptedAt(), state.getLastAttemptedAt()),
        ProtoTime.instant(state.hasFinishedAt(), state.getFinishedAt()),
        ProtoTime.instant(state.hasLeaseExpiresAt(), state.getLeaseExpiresAt()),
        ProtoTime.instant(state.hasExpiresAt(), state.getExpiresAt()));
  }
}
