package io.taskresults.client;

import java.time.Instant;
import java.util.Optional;

/**
 * What was asked for: the identity of a task and how it was enqueued. It never changes.
 *
 * @param path the identity of the task, such as {@code app.tasks.send_mail}
 * @param priority -100 to 100, higher is more urgent
 * @param queueName name of the queue
 * @param runAfter when the task must not run before this time
 * @param takesContext whether the task takes its own result as its first argument
 */
public record Task(
    String path, int priority, String queueName, Optional<Instant> runAfter, boolean takesContext) {

  static Task of(io.taskresults.v1.Task task) {
    return new Task(
        task.getPath(),
        task.getPriority(),
        task.getQueueName(),
        ProtoTime.instant(task.hasRunAfter(), task.getRunAfter()),
        task.getTakesContext());
  }
}
