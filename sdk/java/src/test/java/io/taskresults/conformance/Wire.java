package io.taskresults.conformance;

import io.taskresults.client.TaskError;
import io.taskresults.client.TaskResult;
import io.taskresults.client.TaskResultState;
import io.taskresults.client.TaskResultsException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What goes over the driver's line, from and to what the SDK takes and gives. */
final class Wire {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);
  private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder()
              .maxNestingDepth(Integer.MAX_VALUE)
              .maxNumberLength(Integer.MAX_VALUE)
              .maxStringLength(Integer.MAX_VALUE)
              .build())
          .build())
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .build();

  private Wire() {}

  static JsonNode parse(String text) {
    return MAPPER.readTree(text);
  }

  /** The native value of a member that carries JSON as text. */
  static Object value(JsonNode text) {
    return MAPPER.readValue(text.asString(), Object.class);
  }

  @SuppressWarnings("unchecked")
  static Object[] values(JsonNode text) {
    return ((List<Object>) value(text)).toArray();
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> named(JsonNode text) {
    return (Map<String, Object>) value(text);
  }

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ObjectNode error(String reason, Throwable thrown) {
    return object().put("reason", reason).put("message", String.valueOf(thrown.getMessage()));
  }

  static ObjectNode state(TaskResultState state) {
    return object()
        .put("status", state.status().name())
        .put("incarnation", state.incarnation())
        .put("revision", state.revision());
  }

  static ObjectNode handle(TaskResult result) {
    ObjectNode handle = object();
    handle.put("id", result.id());
    handle.put("status", result.status().name());
    handle.put("backend", result.backend());
    handle.put("incarnation", result.incarnation());
    handle.put("revision", result.revision());
    handle.set("metadata", MAPPER.valueToTree(result.metadata()));
    var task = result.task();
    handle
        .putObject("task")
        .put("path", task.path())
        .put("priority", task.priority())
        .put("queue_name", task.queueName())
        .put("run_after", time(task.runAfter()))
        .put("takes_context", task.takesContext());
    handle.put("enqueued_at", time(Optional.of(result.enqueuedAt())));
    handle.put("started_at", time(result.startedAt()));
    handle.put("last_attempted_at", time(result.lastAttemptedAt()));
    handle.put("finished_at", time(result.finishedAt()));
    handle.put("expires_at", time(result.expiresAt()));
    // The BASIC view has no arguments to decode.
    handle.put("args_json", result.argsJson().map(stored -> json(result.args())).orElse(null));
    handle.put(
        "kwargs_json", result.kwargsJson().map(stored -> json(result.kwargs())).orElse(null));
    handle
        .putObject("stored")
        .put("args_json", result.argsJson().orElse(null))
        .put("kwargs_json", result.kwargsJson().orElse(null))
        .put("return_value_json", result.returnValueJson().orElse(null));
    var errors = handle.putArray("errors");
    result.errors().forEach(error -> errors.add(error(error)));
    handle.set("worker_ids", MAPPER.valueToTree(result.workerIds()));
    handle.put("is_finished", result.isFinished());
    handle.put("attempts", result.attempts());
    handle.put("error_count", result.errorCount());
    handle.put("max_attempts", result.maxAttempts());
    handle.set("return_value", returnValue(result::returnValue));
    return handle;
  }

  static JsonNode texts(Collection<?> texts) {
    return MAPPER.valueToTree(texts);
  }

  private static ObjectNode error(TaskError error) {
    return object()
        .put("exception_class_path", error.exceptionClassPath())
        .put("message", error.message())
        .put("traceback", error.traceback())
        .put("attempt", error.attempt())
        .put("worker_id", error.workerId())
        .put("raised_at", time(error.raisedAt()));
  }

  private static ObjectNode returnValue(Supplier<Object> value) {
    try {
      return object().put("value_json", json(value.get()));
    } catch (TaskResultsException failure) {
      return object().set("error", error(failure.reason(), failure));
    }
  }

  private static String json(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  private static String time(Optional<Instant> time) {
    return time.map(TIME::format).orElse(null);
  }
}
