package io.taskresults.conformance;

import io.taskresults.client.AttemptFence;
import io.taskresults.client.NewTask;
import io.taskresults.client.RunOptions;
import io.taskresults.client.StartedAttempt;
import io.taskresults.client.TaskError;
import io.taskresults.client.TaskResult;
import io.taskresults.client.TaskResultFilter;
import io.taskresults.client.TaskResultStatus;
import io.taskresults.client.TaskResultVersion;
import io.taskresults.client.TaskResultView;
import io.taskresults.client.TaskResults;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Each operation of a driver, on one client. */
final class Operations implements AutoCloseable {
  /** An exception of the driver's own, for `run` to pass on. */
  static final class Raised extends RuntimeException {
    private static final long serialVersionUID = 1;

    Raised(String message) {
      super(message);
    }
  }

  private final Map<String, TaskResult> remembered = new ConcurrentHashMap<>();
  private final Map<String, Long> started = new ConcurrentHashMap<>();
  private final Map<String, Watched> watched = new ConcurrentHashMap<>();
  private volatile TaskResults client;

  ObjectNode perform(ObjectNode request) throws InterruptedException {
    return switch (request.path("op").asString()) {
      case "connect" -> connect(request);
      case "create" -> remember(client.create(newTask(request)));
      case "create_unencodable" -> createUnencodable(request.path("what").asString());
      case "get" -> remember(get(request));
      case "get_many" -> getMany(request);
      case "list" -> list(request);
      case "dump" -> Wire.handle(remembered.get(id(request)));
      case "refresh" -> Wire.handle(remembered.get(id(request)).refresh());
      case "start" -> start(request);
      case "renew" -> Wire.state(client.renewLease(attempt(request), millis(request, "lease_ms")));
      case "succeed" ->
        Wire.state(client.succeed(attempt(request), Wire.value(request.path("value_json"))));
      case "succeed_large" ->
        Wire.state(client.succeed(attempt(request), letters(request.path("bytes"))));
      case "fail" -> fail(request);
      case "fail_task" -> Wire.state(client.failTask(id(request), error(request.path("error"))));
      case "delete" -> delete(request);
      case "wait" -> Wire.handle(waitFor(request));
      case "watch" -> watch(request);
      case "watched" -> watched.get(id(request)).answer(request.path("until"));
      case "run" -> run(request);
      default -> throw new IllegalArgumentException("no such operation: " + request);
    };
  }

  @Override
  public void close() {
    if (client != null) client.close();
  }

  private ObjectNode connect(ObjectNode request) {
    var builder = TaskResults.builder(request.path("target").asString());
    if (request.has("token")) builder.token(request.path("token").asString());
    if (request.has("timeout_ms")) builder.deadline(millis(request, "timeout_ms"));
    TaskResults next = builder.build();
    close();
    client = next;
    return Wire.object();
  }

  private ObjectNode remember(TaskResult result) {
    remembered.put(result.id(), result);
    return Wire.handle(result);
  }

  private static NewTask newTask(ObjectNode request) {
    NewTask task = NewTask.of(request.path("path").asString());
    if (request.has("id")) task = task.id(id(request));
    if (request.has("priority")) task = task.priority(request.path("priority").asInt());
    if (request.has("queue_name"))
      task = task.queueName(request.path("queue_name").asString());
    if (request.has("run_after"))
      task = task.runAfter(Instant.parse(request.path("run_after").asString()));
    if (request.has("takes_context"))
      task = task.takesContext(request.path("takes_context").asBoolean());
    if (request.has("args_json")) task = task.args(Wire.values(request.path("args_json")));
    if (request.has("kwargs_json")) task = task.kwargs(Wire.named(request.path("kwargs_json")));
    if (request.has("backend")) task = task.backend(request.path("backend").asString());
    if (request.has("max_attempts")) {
      task = task.maxAttempts(request.path("max_attempts").asInt());
    }
    return task.metadata(labels(request));
  }

  private ObjectNode createUnencodable(String what) {
    double value = what.equals("nan") ? Double.NaN : Double.POSITIVE_INFINITY;
    return remember(client.create(NewTask.of("app.tasks.unencodable").args(value)));
  }

  private TaskResult get(ObjectNode request) {
    String path = request.has("path") ? request.path("path").asString() : null;
    return client.get(
        id(request), path, TaskResultView.valueOf(request.path("view").asString("FULL")));
  }

  private ObjectNode getMany(ObjectNode request) {
    var many = client.getMany(texts(request.path("ids")).toList());
    ObjectNode answer = Wire.object();
    var found = answer.putArray("found");
    many.found().forEach(result -> found.add(Wire.handle(result)));
    answer.set("missing", Wire.texts(many.missing()));
    return answer;
  }

  private ObjectNode list(ObjectNode request) {
    TaskResultFilter filter = TaskResultFilter.all()
        .statuses(texts(request.path("statuses"))
            .map(TaskResultStatus::valueOf)
            .toArray(TaskResultStatus[]::new))
        .metadata(labels(request));
    if (request.has("path")) filter = filter.taskPath(request.path("path").asString());
    if (request.has("queue_name"))
      filter = filter.queueName(request.path("queue_name").asString());
    if (request.has("backend")) filter = filter.backend(request.path("backend").asString());
    if (request.has("worker_id"))
      filter = filter.workerId(request.path("worker_id").asString());
    var results = client.list(filter, request.path("page_size").asInt(0), TaskResultView.BASIC);
    return Wire.object().set("ids", Wire.texts(results.map(TaskResult::id).toList()));
  }

  private ObjectNode start(ObjectNode request) {
    String worker = request.path("worker_id").asString();
    Duration lease = request.has("lease_ms") ? millis(request, "lease_ms") : null;
    String named = request.path("request_id").asString(null);
    StartedAttempt attempt;
    if (request.path("force").asBoolean(false)) {
      attempt = named == null
          ? client.takeOver(id(request), worker, lease)
          : client.takeOver(id(request), worker, lease, named);
    } else {
      attempt = named == null
          ? client.startAttempt(id(request), worker, lease)
          : client.startAttempt(id(request), worker, lease, named);
    }
    started.put(id(request), attempt.state().incarnation());
    return Wire.state(attempt.state()).put("attempt", attempt.number());
  }

  private ObjectNode fail(ObjectNode request) {
    TaskError error = error(request.path("error"));
    return Wire.state(
        request.path("retry").asBoolean(false)
            ? client.failForRetry(attempt(request), error)
            : client.fail(attempt(request), error));
  }

  private ObjectNode delete(ObjectNode request) {
    TaskResultVersion version = request.has("incarnation") || request.has("revision")
        ? new TaskResultVersion(
            request.path("incarnation").asLong(0), request.path("revision").asLong(0))
        : null;
    client.delete(id(request), version, request.path("allow_missing").asBoolean(false));
    return Wire.object();
  }

  private TaskResult waitFor(ObjectNode request) {
    return request.has("timeout_ms")
        ? client.waitFor(id(request), millis(request, "timeout_ms"))
        : client.waitFor(id(request));
  }

  private ObjectNode watch(ObjectNode request) {
    Watched states = new Watched();
    watched.put(id(request), states);
    client.async().watch(id(request)).subscribe(states);
    return Wire.object();
  }

  private ObjectNode run(ObjectNode request) throws InterruptedException {
    TaskResult result = client.create(newTask(request));
    RunOptions options = RunOptions.defaults();
    if (request.has("lease_ms")) options = options.lease(millis(request, "lease_ms"));
    if (request.has("retry")) options = options.retry(choice(request.path("retry")));
    return Wire.handle(client.run(
        result, request.path("worker_id").asString(), options, attempt -> {
          Thread.sleep(request.path("for_ms").asLong(0));
          if (request.has("raises")) throw new Raised(request.path("raises").asString());
          if (request.has("raises_bytes")) throw new Raised(letters(request.path("raises_bytes")));
          if (request.has("returns_bytes")) return letters(request.path("returns_bytes"));
          if (request.has("returns_nan")) return Double.NaN;
          return Wire.value(request.path("returns_json"));
        }));
  }

  /** What is worth another attempt: everything, or a choice that throws. */
  private static Predicate<Throwable> choice(JsonNode retry) {
    if (retry.isBoolean()) return thrown -> retry.asBoolean();
    return thrown -> {
      throw new IllegalStateException("no choice");
    };
  }

  private static TaskError error(JsonNode error) {
    if (error.isMissingNode()) return null;
    return TaskError.of(
        error.path("exception_class_path").asString(),
        error.path("message").asString(),
        error.path("traceback").asString());
  }

  private static Map<String, String> labels(ObjectNode request) {
    Map<String, String> labels = new HashMap<>();
    request.path("metadata").forEachEntry((name, value) -> labels.put(name, value.asString()));
    return labels;
  }

  private static Stream<String> texts(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false).map(JsonNode::asString);
  }

  private static String id(ObjectNode request) {
    return request.path("id").asString();
  }

  private AttemptFence attempt(ObjectNode request) {
    long incarnation = request.path("held").asBoolean(false) ? started.get(id(request)) : 0;
    return new AttemptFence(id(request), incarnation, request.path("attempt").asInt());
  }

  private static String letters(JsonNode bytes) {
    return "x".repeat(bytes.asInt());
  }

  private static Duration millis(ObjectNode request, String member) {
    return Duration.ofMillis(request.path(member).asLong());
  }
}
