package io.taskresults.client;

import io.taskresults.v1.TimeRange;
import java.time.Instant;
import java.util.Map;

/**
 * Which results to list: all conditions given must hold. Immutable: each method gives a new one.
 */
public final class TaskResultFilter {
  private final io.taskresults.v1.TaskResultFilter filter;

  private TaskResultFilter(io.taskresults.v1.TaskResultFilter.Builder filter) {
    this.filter = filter.build();
  }

  /**
   * Every result.
   *
   * @return the filter
   */
  public static TaskResultFilter all() {
    return new TaskResultFilter(io.taskresults.v1.TaskResultFilter.newBuilder());
  }

  /**
   * Those in one of these states.
   *
   * @param statuses the states; without any, all
   * @return the filter
   */
  public TaskResultFilter statuses(TaskResultStatus... statuses) {
    var changed = filter.toBuilder().clearStatuses();
    for (TaskResultStatus status : statuses) changed.addStatuses(status.toProto());
    return new TaskResultFilter(changed);
  }

  /**
   * Those of one task.
   *
   * @param path exactly this path
   * @return the filter
   */
  public TaskResultFilter taskPath(String path) {
    return new TaskResultFilter(filter.toBuilder().setTaskPath(path));
  }

  /**
   * Those of one queue.
   *
   * @param queueName exactly this name
   * @return the filter
   */
  public TaskResultFilter queueName(String queueName) {
    return new TaskResultFilter(filter.toBuilder().setQueueName(queueName));
  }

  /**
   * Those of one backend.
   *
   * @param backend exactly this name
   * @return the filter
   */
  public TaskResultFilter backend(String backend) {
    return new TaskResultFilter(filter.toBuilder().setBackend(backend));
  }

  /**
   * Those that a worker made an attempt at.
   *
   * @param workerId exactly this id
   * @return the filter
   */
  public TaskResultFilter workerId(String workerId) {
    return new TaskResultFilter(filter.toBuilder().setWorkerId(workerId));
  }

  /**
   * Those enqueued within a span of time.
   *
   * @param start the first moment inside; null for no bound
   * @param end the first moment after it; null for no bound
   * @return the filter
   */
  public TaskResultFilter enqueued(Instant start, Instant end) {
    return new TaskResultFilter(filter.toBuilder().setEnqueued(range(start, end)));
  }

  /**
   * Those finished within a span of time.
   *
   * @param start the first moment inside; null for no bound
   * @param end the first moment after it; null for no bound
   * @return the filter
   */
  public TaskResultFilter finished(Instant start, Instant end) {
    return new TaskResultFilter(filter.toBuilder().setFinished(range(start, end)));
  }

  /**
   * Those with all of these labels, besides those asked for already.
   *
   * @param labels up to 32, with exactly these values
   * @return the filter
   */
  public TaskResultFilter metadata(Map<String, String> labels) {
    return new TaskResultFilter(filter.toBuilder().putAllMetadata(labels));
  }

  io.taskresults.v1.TaskResultFilter toProto() {
    return filter;
  }

  private static TimeRange range(Instant start, Instant end) {
    TimeRange.Builder range = TimeRange.newBuilder();
    if (start != null) range.setStart(ProtoTime.timestamp(start));
    if (end != null) range.setEnd(ProtoTime.timestamp(end));
    return range.build();
  }
}
