package io.taskresults.client;

import java.util.Comparator;

/**
 * Identifies one state of a result. A result can be deleted and created anew under the same id, so
 * a revision alone does not say which state is known. Versions of one id are ordered: the newer one
 * is greater.
 *
 * @param incarnation which creation of a result under this id; a later one has a higher number
 * @param revision grows at every change, and begins again when the result is created anew
 */
public record TaskResultVersion(long incarnation, long revision)
    implements Comparable<TaskResultVersion> {
  /** What is known of a result before it was read. */
  static final TaskResultVersion NONE = new TaskResultVersion(0, 0);

  private static final Comparator<TaskResultVersion> OLDER_FIRST = Comparator.comparingLong(
          TaskResultVersion::incarnation)
      .thenComparingLong(TaskResultVersion::revision);

  @Override
  public int compareTo(TaskResultVersion other) {
    return OLDER_FIRST.compare(this, other);
  }

  static TaskResultVersion of(io.taskresults.v1.TaskResult result) {
    return new TaskResultVersion(result.getIncarnation(), result.getRevision());
  }

  io.taskresults.v1.TaskResultVersion toProto() {
    return io.taskresults.v1.TaskResultVersion.newBuilder()
        .setIncarnation(incarnation)
        .setRevision(revision)
        .build();
  }
}
