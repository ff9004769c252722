package io.taskresults.client;

import io.grpc.Status;
import io.taskresults.v1.AttemptPolicy;
import io.taskresults.v1.CreateTaskResultRequest;
import io.taskresults.v1.Task;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * A task that has been enqueued, to create a result for. Immutable: each method gives a new one.
 *
 * <p>Arguments are encoded at once, with Jackson and its annotations, and a value that is no JSON
 * raises {@link TaskResultsException.NotEncodable}.
 */
public final class NewTask {
  private final CreateTaskResultRequest request;

  private NewTask(CreateTaskResultRequest request) {
    this.request = request;
  }

  /**
   * A task without arguments.
   *
   * @param path the identity of the task, such as {@code app.tasks.send_mail}: 1 to 255 characters
   * @return the task
   */
  public static NewTask of(String path) {
    return new NewTask(CreateTaskResultRequest.newBuilder()
        .setTask(Task.newBuilder().setPath(path))
        .build());
  }

  /**
   * With an id of the caller's.
   *
   * @param id 1 to 64 characters, opaque and case-sensitive; the client makes a UUIDv7 when none is
   *     given
   * @return the task
   */
  public NewTask id(String id) {
    return new NewTask(request.toBuilder().setId(id).build());
  }

  /**
   * With positional arguments.
   *
   * @param args anything that Jackson makes JSON of
   * @return the task
   * @throws TaskResultsException.NotEncodable when one of them is no JSON
   */
  public NewTask args(Object... args) {
    return new NewTask(
        request.toBuilder().setArgsJson(Json.encode(Arrays.asList(args))).build());
  }

  /**
   * With arguments by name.
   *
   * @param kwargs anything that Jackson makes JSON of, by name
   * @return the task
   * @throws TaskResultsException.NotEncodable when one of them is no JSON
   */
  public NewTask kwargs(Map<String, ?> kwargs) {
    return new NewTask(request.toBuilder().setKwargsJson(Json.encode(kwargs)).build());
  }

  /**
   * With a priority. The service keeps it, and does not schedule.
   *
   * @param priority -100 to 100, higher is more urgent; 0 unless given
   * @return the task
   */
  public NewTask priority(int priority) {
    return withTask(request.getTask().toBuilder().setPriority(priority));
  }

  /**
   * In a queue.
   *
   * @param queueName up to 255 characters; {@code default} unless given
   * @return the task
   */
  public NewTask queueName(String queueName) {
    return withTask(request.getTask().toBuilder().setQueueName(queueName));
  }

  /**
   * Not to run before a time. The service keeps it, and does not schedule.
   *
   * @param time between the years 1970 and 2255, cut to the microsecond
   * @return the task
   */
  public NewTask runAfter(Instant time) {
    return withTask(request.getTask().toBuilder().setRunAfter(ProtoTime.timestamp(time)));
  }

  /**
   * Whether the task takes its own result as its first argument.
   *
   * @param takesContext false unless given
   * @return the task
   */
  public NewTask takesContext(boolean takesContext) {
    return withTask(request.getTask().toBuilder().setTakesContext(takesContext));
  }

  /**
   * From a task backend.
   *
   * @param backend up to 255 characters; {@code default} unless given
   * @return the task
   */
  public NewTask backend(String backend) {
    return new NewTask(request.toBuilder().setBackend(backend).build());
  }

  /**
   * With labels, besides those it has, to find it by.
   *
   * @param labels up to 32; names of 1 to 63, values of up to 255 characters
   * @return the task
   */
  public NewTask metadata(Map<String, String> labels) {
    return new NewTask(request.toBuilder().putAllMetadata(labels).build());
  }

  /**
   * With a number of attempts. The failure or loss of the last one is final.
   *
   * @param maxAttempts 1 to 1,000; 100 unless given
   * @return the task
   * @throws TaskResultsException.InvalidField for 0, which the service would take for none given
   */
  public NewTask maxAttempts(int maxAttempts) {
    if (maxAttempts == 0) {
      String field = "attempt_policy.max_attempts";
      throw new Failure(
              "INVALID_FIELD",
              Status.Code.INVALID_ARGUMENT,
              field + ": must be at least 1",
              List.of(field),
              null)
          .toException();
    }
    var policy = AttemptPolicy.newBuilder().setMaxAttempts(maxAttempts);
    return new NewTask(request.toBuilder().setAttemptPolicy(policy).build());
  }

  /**
   * With every field that the service would fill in, so that the new result is known without
   * reading it.
   */
  CreateTaskResultRequest toProto() {
    CreateTaskResultRequest.Builder full = request.toBuilder();
    if (full.getId().isEmpty()) full.setId(Uuid7.next());
    if (full.getTask().getQueueName().isEmpty()) full.getTaskBuilder().setQueueName("default");
    if (full.getArgsJson().isEmpty()) full.setArgsJson("[]");
    if (full.getKwargsJson().isEmpty()) full.setKwargsJson("{}");
    if (full.getBackend().isEmpty()) full.setBackend("default");
    return full.build();
  }

  private NewTask withTask(Task.Builder task) {
    return new NewTask(request.toBuilder().setTask(task).build());
  }
}
