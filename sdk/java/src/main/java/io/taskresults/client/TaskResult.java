package io.taskresults.client;

import io.grpc.Status;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import tools.jackson.core.type.TypeReference;

/**
 * The outcome of one task, as far as it was known when it was read. It never changes by itself:
 * only {@link #refresh} changes it, and {@code run} the result that it was given.
 *
 * <p>Thread-safe: a refresh replaces everything at once. Two calls of two methods may see the
 * states before and after it.
 *
 * <p>Times are UTC, exact to the microsecond.
 */
public final class TaskResult {
  private static final Type LIST = new TypeReference<List<Object>>() {}.getType();
  private static final Type MAP = new TypeReference<Map<String, Object>>() {}.getType();

  private final AsyncTaskResults client;
  private final AtomicReference<io.taskresults.v1.TaskResult> state;

  TaskResult(AsyncTaskResults client, io.taskresults.v1.TaskResult state) {
    this.client = client;
    this.state = new AtomicReference<>(state);
  }

  /** {@return the id: 1 to 64 characters, opaque and case-sensitive} */
  public String id() {
    return state.get().getId();
  }

  /** {@return what was asked for} */
  public Task task() {
    return Task.of(state.get().getTask());
  }

  /** {@return where it stands} */
  public TaskResultStatus status() {
    return TaskResultStatus.of(state.get().getStatus());
  }

  /** {@return whether it is FAILED or SUCCESSFUL, and cannot change any more} */
  public boolean isFinished() {
    return status().isFinished();
  }

  /** {@return when it was created} */
  public Instant enqueuedAt() {
    return ProtoTime.instant(state.get().getEnqueuedAt());
  }

  /** {@return the start of the first attempt; empty until then} */
  public Optional<Instant> startedAt() {
    var now = state.get();
    return ProtoTime.instant(now.hasStartedAt(), now.getStartedAt());
  }

  /** {@return the start of the newest attempt; empty until the first} */
  public Optional<Instant> lastAttemptedAt() {
    var now = state.get();
    return ProtoTime.instant(now.hasLastAttemptedAt(), now.getLastAttemptedAt());
  }

  /** {@return when it became FAILED or SUCCESSFUL; empty until then} */
  public Optional<Instant> finishedAt() {
    var now = state.get();
    return ProtoTime.instant(now.hasFinishedAt(), now.getFinishedAt());
  }

  /** {@return when retention may remove it; empty when it is kept until deleted} */
  public Optional<Instant> expiresAt() {
    var now = state.get();
    return ProtoTime.instant(now.hasExpiresAt(), now.getExpiresAt());
  }

  /** {@return the name of the task backend} */
  public String backend() {
    return state.get().getBackend();
  }

  /**
   * One error for each failed or lost attempt, oldest first: the newest up to 1 MiB; in the
   * {@link TaskResultView#BASIC} view the newest alone.
   *
   * @return the errors
   */
  public List<TaskError> errors() {
    return state.get().getErrorsList().stream().map(TaskError::of).toList();
  }

  /**
   * One worker for each attempt, in order: the newest up to 256 KiB; in the
   * {@link TaskResultView#BASIC} view the newest alone. The same worker twice counts twice.
   *
   * @return the workers
   */
  public List<String> workerIds() {
    return List.copyOf(state.get().getWorkerIdsList());
  }

  /** {@return the number of attempts so far, so 1 while the first one runs} */
  public int attempts() {
    return state.get().getAttempts();
  }

  /** {@return how many attempts may be made; the failure or loss of the last one is final} */
  public int maxAttempts() {
    return state.get().getAttemptPolicy().getMaxAttempts();
  }

  /** {@return the number of errors so far, also of those that {@link #errors} no longer holds} */
  public int errorCount() {
    return state.get().getErrorCount();
  }

  /** {@return the labels to find it by} */
  public Map<String, String> metadata() {
    return Map.copyOf(state.get().getMetadataMap());
  }

  /**
   * Which creation of a result under this id it is: a result that is deleted and created anew has a
   * higher one.
   *
   * @return the incarnation
   */
  public long incarnation() {
    return version().incarnation();
  }

  /** {@return a number that grows at every change, and begins again when it is created anew} */
  public long revision() {
    return version().revision();
  }

  /** {@return incarnation and revision, read at once} */
  public TaskResultVersion version() {
    return TaskResultVersion.of(state.get());
  }

  /**
   * Positional arguments. Integers come as Integer, Long or BigInteger, other numbers as
   * BigDecimal, so that none is rounded.
   *
   * @return the arguments
   * @throws TaskResultsException when they were left out by the BASIC view
   */
  public List<Object> args() {
    return decode("arguments", argsJson(), LIST);
  }

  /**
   * {@return the positional arguments as a JSON array, byte for byte as given; empty in the BASIC
   * view}
   */
  public Optional<String> argsJson() {
    return Optional.of(state.get().getArgsJson()).filter(text -> !text.isEmpty());
  }

  /**
   * Arguments by name, in their order, with numbers as in {@link #args}.
   *
   * @return the arguments
   * @throws TaskResultsException when they were left out by the BASIC view
   */
  public Map<String, Object> kwargs() {
    return decode("arguments", kwargsJson(), MAP);
  }

  /**
   * {@return the arguments by name as a JSON object, byte for byte as given; empty in the BASIC
   * view}
   */
  public Optional<String> kwargsJson() {
    return Optional.of(state.get().getKwargsJson()).filter(text -> !text.isEmpty());
  }

  /**
   * What the task returned, with numbers as in {@link #args}, and null for JSON's null.
   *
   * @return the value
   * @throws TaskResultsException.TaskFailed when the result is FAILED
   * @throws TaskResultsException.TaskNotFinished when it is READY or RUNNING
   * @throws TaskResultsException when it was left out by the BASIC view
   */
  public Object returnValue() {
    return returnValue(Object.class);
  }

  /**
   * What the task returned, as Jackson makes it of the JSON. A number that the class cannot hold
   * exactly is refused.
   *
   * @param <T> the type wanted
   * @param type its class
   * @return the value
   * @throws TaskResultsException.TaskFailed when the result is FAILED
   * @throws TaskResultsException.TaskNotFinished when it is READY or RUNNING
   * @throws TaskResultsException.NotDecodable when it does not fit the type
   * @throws TaskResultsException when it was left out by the BASIC view
   */
  public <T> T returnValue(Class<T> type) {
    return decodeReturnValue(type);
  }

  /**
   * The same for a type with parameters: {@code returnValue(new TypeReference<List<String>>() {})}.
   *
   * @param <T> the type wanted
   * @param type its reference
   * @return the value
   * @throws TaskResultsException as for {@link #returnValue(Class)}
   */
  public <T> T returnValue(TypeReference<T> type) {
    return decodeReturnValue(type.getType());
  }

  /**
   * {@return the return value as JSON, byte for byte as given; empty unless SUCCESSFUL, and in the
   * BASIC view}
   */
  public Optional<String> returnValueJson() {
    var now = state.get();
    return now.hasReturnValueJson() ? Optional.of(now.getReturnValueJson()) : Optional.empty();
  }

  /**
   * Asks the service what has changed, and updates this result: status, times, errors, worker ids,
   * return value, metadata and revision; everything when the result was deleted and created anew.
   * When nothing has changed, next to nothing is sent. When it fails, everything stays as it was.
   *
   * @return this
   * @throws TaskResultsException.DoesNotExist when the result was deleted
   */
  public TaskResult refresh() {
    return Blocking.await(() -> client.refresh(this));
  }

  /**
   * The newer states of this result until it is finished, each as a result of its own, while this
   * one stays as it is. See {@link TaskResults#watch} for what a caller may rely on.
   *
   * @return the states, to be closed unless it was read to its end; without any when this one is
   *     finished
   */
  public Stream<TaskResult> watch() {
    return BlockingStream.of(client.watch(this));
  }

  @Override
  public String toString() {
    var now = state.get();
    return "TaskResult[id=" + now.getId() + ", status=" + TaskResultStatus.of(now.getStatus())
        + ", revision=" + now.getRevision() + "]";
  }

  io.taskresults.v1.TaskResult state() {
    return state.get();
  }

  /**
   * Updates the result with an answer to a request that named that version. Two refreshes may
   * overlap, and the older answer may come last: it never moves the result backwards.
   */
  void replace(TaskResultVersion known, io.taskresults.v1.TaskResult answered) {
    TaskResultVersion newer = TaskResultVersion.of(answered);
    state.updateAndGet(now -> {
      TaskResultVersion present = TaskResultVersion.of(now);
      return present.equals(known) || newer.compareTo(present) > 0 ? answered : now;
    });
  }

  private <T> T decodeReturnValue(Type type) {
    return switch (status()) {
      case SUCCESSFUL -> decode("return value", returnValueJson(), type);
      case FAILED -> throw noValue("TASK_FAILED", "Task failed");
      case READY, RUNNING, UNKNOWN ->
        throw noValue("TASK_NOT_FINISHED", "Task has not finished yet");
    };
  }

  private <T> T decode(String what, Optional<String> text, Type type) {
    String left = "the " + what + " of task result \"" + id() + "\" is left out of the BASIC view";
    return Json.decode(
        text.orElseThrow(() -> noValue(Status.Code.FAILED_PRECONDITION.name(), left)), type);
  }

  private static TaskResultsException noValue(String reason, String message) {
    return new Failure(reason, Status.Code.FAILED_PRECONDITION, message).toException();
  }
}
