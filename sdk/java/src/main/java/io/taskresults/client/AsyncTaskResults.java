package io.taskresults.client;

import static io.taskresults.v1.TaskLifecycleServiceGrpc.getCreateTaskResultMethod;
import static io.taskresults.v1.TaskLifecycleServiceGrpc.getDeleteTaskResultMethod;
import static io.taskresults.v1.TaskLifecycleServiceGrpc.getFailTaskResultMethod;
import static io.taskresults.v1.TaskLifecycleServiceGrpc.getFinishAttemptMethod;
import static io.taskresults.v1.TaskLifecycleServiceGrpc.getRenewLeaseMethod;
import static io.taskresults.v1.TaskLifecycleServiceGrpc.getStartAttemptMethod;
import static io.taskresults.v1.TaskResultServiceGrpc.getBatchGetTaskResultsMethod;
import static io.taskresults.v1.TaskResultServiceGrpc.getGetTaskResultMethod;
import static io.taskresults.v1.TaskResultServiceGrpc.getListTaskResultsMethod;
import static io.taskresults.v1.TaskResultServiceGrpc.getRefreshTaskResultMethod;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.taskresults.v1.CreateTaskResultRequest;
import io.taskresults.v1.DeleteTaskResultRequest;
import io.taskresults.v1.FailTaskResultRequest;
import io.taskresults.v1.FinishAttemptRequest;
import io.taskresults.v1.GetTaskResultRequest;
import io.taskresults.v1.ListTaskResultsRequest;
import io.taskresults.v1.RefreshTaskResultRequest;
import io.taskresults.v1.RenewLeaseRequest;
import io.taskresults.v1.StartAttemptRequest;
import io.taskresults.v1.StartAttemptResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * The calls of {@link TaskResults} without waiting for their answers. The rules are those of the
 * methods of the same names there.
 *
 * <p>A future fails with a {@link TaskResultsException}; cancelling it, or ending it in any other
 * way, gives up the call that is under way, and no further one is made. What depends on it runs on
 * a thread of the client, and may block there.
 */
public final class AsyncTaskResults {
  private final Connection connection;
  private final Patience patience;
  private final Duration heartbeat;

  AsyncTaskResults(Connection connection, Patience patience, Duration heartbeat) {
    this.connection = connection;
    this.patience = patience;
    this.heartbeat = heartbeat;
  }

  /** Reads a result. */
  public CompletableFuture<TaskResult> get(String id) {
    return get(id, null, TaskResultView.FULL);
  }

  /**
   * Reads a result.
   *
   * @param expectedTaskPath the path of the task that it must belong to; null for any
   * @param view how much to read
   */
  public CompletableFuture<TaskResult> get(
      String id, String expectedTaskPath, TaskResultView view) {
    var request = GetTaskResultRequest.newBuilder().setId(id).setView(view.toProto());
    if (expectedTaskPath != null) request.setExpectedTaskPath(expectedTaskPath);
    return call(
        getGetTaskResultMethod(), request.build(), answer -> handle(answer.getTaskResult()));
  }

  /**
   * Reads any number of results.
   *
   * @param ids their ids; one that occurs twice is returned once, at its first place
   * @param view how much to read
   */
  public CompletableFuture<FoundTaskResults> getMany(Collection<String> ids, TaskResultView view) {
    return new ManyTaskResults(
            ids,
            view,
            request -> call(getBatchGetTaskResultsMethod(), request, Function.identity()),
            this::handle)
        .get();
  }

  /**
   * Reads one page of a list, newest enqueued first.
   *
   * @param pageSize at most so many, 1 to 1,000; 0 for 50
   * @param view how much to read
   * @param pageToken that of the page before, with the same filter; empty for the first page
   */
  public CompletableFuture<TaskResultPage> listPage(
      TaskResultFilter filter, int pageSize, TaskResultView view, String pageToken) {
    var request = ListTaskResultsRequest.newBuilder()
        .setFilter(filter.toProto())
        .setPageSize(pageSize)
        .setView(view.toProto())
        .setPageToken(pageToken)
        .build();
    return call(
        getListTaskResultsMethod(),
        request,
        answer -> new TaskResultPage(
            answer.getTaskResultsList().stream().map(this::handle).toList(),
            answer.getNextPageToken()));
  }

  /** Updates a result with what has changed since it was read. */
  public CompletableFuture<TaskResult> refresh(TaskResult result) {
    var known = result.state();
    TaskResultVersion version = TaskResultVersion.of(known);
    var request = RefreshTaskResultRequest.newBuilder()
        .setId(known.getId())
        .setKnown(version.toProto())
        .build();
    return call(getRefreshTaskResultMethod(), request, answer -> {
      if (answer.hasChanged()) result.replace(version, Refreshed.of(known, answer.getChanged()));
      if (answer.hasReplaced()) result.replace(version, answer.getReplaced());
      return result;
    });
  }

  /** Waits until a result is finished. */
  public CompletableFuture<TaskResult> waitFor(String id) {
    return waitUntil(id, Deadline.never());
  }

  /**
   * Waits until a result is finished, but no longer than asked for.
   *
   * @return the finished result; fails with {@link TaskResultsException.WaitTimedOut}
   */
  public CompletableFuture<TaskResult> waitFor(String id, Duration timeout) {
    return waitUntil(id, Deadline.in(timeout));
  }

  /**
   * Follows a result from its present state until it is finished.
   *
   * @return the states; each subscriber gets a watch of its own, which begins with its first
   *     request
   */
  public Flow.Publisher<TaskResult> watch(String id) {
    return watch(id, TaskResultVersion.NONE);
  }

  /**
   * Follows a result from what is known of it until it is finished.
   *
   * @param known where to begin: only newer states are yielded, and none when it is finished
   * @return the states; each subscriber gets a watch of its own, which begins with its first
   *     request
   */
  public Flow.Publisher<TaskResult> watch(TaskResult known) {
    if (known.isFinished()) return NothingNewer::tell;
    return watch(known.id(), known.version());
  }

  /**
   * Creates a result for a task that has been enqueued.
   *
   * @return the new result; the present one when it was created before with the same content
   */
  public CompletableFuture<TaskResult> create(NewTask task) {
    return create(task.toProto());
  }

  /**
   * A worker takes a task.
   *
   * @param workerId who runs the attempt: 1 to 255 characters, of its own for each worker
   * @param lease within this time the attempt must be finished, or its lease renewed; null for no
   *     limit
   */
  public CompletableFuture<StartedAttempt> startAttempt(
      String id, String workerId, Duration lease) {
    return startAttempt(id, workerId, lease, requestId());
  }

  /**
   * A worker takes a task, or gets the attempt again that it has started with this request.
   *
   * @param lease as for {@link #startAttempt(String, String, Duration)}
   * @param requestId identifies this request among all starts of the result, up to 255 characters;
   *     empty: the client makes one
   */
  public CompletableFuture<StartedAttempt> startAttempt(
      String id, String workerId, Duration lease, String requestId) {
    return start(id, workerId, lease, requestId, false);
  }

  /** A worker takes a task over, though another attempt may be running. */
  public CompletableFuture<StartedAttempt> takeOver(String id, String workerId, Duration lease) {
    return takeOver(id, workerId, lease, requestId());
  }

  /**
   * A worker takes a task over, or gets the attempt again that it has started with this request.
   *
   * @param requestId as for {@link #startAttempt(String, String, Duration, String)}
   */
  public CompletableFuture<StartedAttempt> takeOver(
      String id, String workerId, Duration lease, String requestId) {
    return start(id, workerId, lease, requestId, true);
  }

  /** The heartbeat of a worker. */
  public CompletableFuture<TaskResultState> renewLease(AttemptFence attempt, Duration lease) {
    var request = RenewLeaseRequest.newBuilder()
        .setId(attempt.id())
        .setIncarnation(attempt.incarnation())
        .setAttempt(attempt.attempt())
        .setLease(ProtoTime.duration(lease))
        .build();
    return call(getRenewLeaseMethod(), request, answer -> TaskResultState.of(answer.getState()));
  }

  /** The heartbeat of a worker; whichever result has the id. */
  public CompletableFuture<TaskResultState> renewLease(String id, int attempt, Duration lease) {
    return renewLease(new AttemptFence(id, 0, attempt), lease);
  }

  /**
   * An attempt returned a value.
   *
   * @throws TaskResultsException.NotEncodable at once, when the value is no JSON
   */
  public CompletableFuture<TaskResultState> succeed(AttemptFence attempt, Object value) {
    return succeedWithJson(attempt, Json.encode(value));
  }

  /**
   * An attempt returned a value; whichever result has the id.
   *
   * @throws TaskResultsException.NotEncodable at once, when the value is no JSON
   */
  public CompletableFuture<TaskResultState> succeed(String id, int attempt, Object value) {
    return succeed(new AttemptFence(id, 0, attempt), value);
  }

  /** An attempt failed, and so did the task. */
  public CompletableFuture<TaskResultState> fail(AttemptFence attempt, TaskError error) {
    return fail(attempt, error, false);
  }

  /** An attempt failed, and so did the task; whichever result has the id. */
  public CompletableFuture<TaskResultState> fail(String id, int attempt, TaskError error) {
    return fail(new AttemptFence(id, 0, attempt), error);
  }

  /** An attempt failed, and another one is to be made. */
  public CompletableFuture<TaskResultState> failForRetry(AttemptFence attempt, TaskError error) {
    return fail(attempt, error, true);
  }

  /** An attempt failed, and another one is to be made; whichever result has the id. */
  public CompletableFuture<TaskResultState> failForRetry(String id, int attempt, TaskError error) {
    return failForRetry(new AttemptFence(id, 0, attempt), error);
  }

  /** A task could not be started at all. */
  public CompletableFuture<TaskResultState> failTask(String id, TaskError error) {
    var request = FailTaskResultRequest.newBuilder().setId(id);
    if (error != null) request.setError(error.toProto());
    return call(
        getFailTaskResultMethod(),
        request.build(),
        answer -> TaskResultState.of(answer.getState()));
  }

  /**
   * Removes a result.
   *
   * @param version only this one; with a revision of 0, any of this incarnation; null for any
   * @param allowMissing a missing result is no error. Only then is the call repeated
   */
  public CompletableFuture<Void> delete(
      String id, TaskResultVersion version, boolean allowMissing) {
    var request = DeleteTaskResultRequest.newBuilder().setId(id).setAllowMissing(allowMissing);
    if (version != null) request.setVersion(version.toProto());
    return new UnaryCall<>(
            connection,
            getDeleteTaskResultMethod(),
            request.build(),
            gone -> (Void) null,
            allowMissing ? patience : patience.withoutRepetition())
        .start();
  }

  CompletableFuture<TaskResultState> succeedWithJson(AttemptFence attempt, String json) {
    var succeeded = FinishAttemptRequest.Succeeded.newBuilder().setReturnValueJson(json);
    return finish(attempt, FinishAttemptRequest.newBuilder().setSucceeded(succeeded));
  }

  /** The same client with another patience. */
  AsyncTaskResults with(Patience other) {
    return new AsyncTaskResults(connection, other, heartbeat);
  }

  Patience patience() {
    return patience;
  }

  Connection connection() {
    return connection;
  }

  private CompletableFuture<TaskResult> create(CreateTaskResultRequest request) {
    return Chain.of(
        call(getCreateTaskResultMethod(), request, answer -> answer.getState()),
        state -> Created.isUntouched(state)
            ? CompletableFuture.completedFuture(handle(Created.of(request, state)))
            : present(request, state));
  }

  /**
   * A result that was there before, unless it was created anew meanwhile, maybe for another task.
   */
  private CompletableFuture<TaskResult> present(
      CreateTaskResultRequest request, io.taskresults.v1.TaskResultState state) {
    return Chain.of(
        get(state.getId()),
        read -> read.incarnation() == state.getIncarnation()
            ? CompletableFuture.completedFuture(read)
            : create(request));
  }

  private CompletableFuture<TaskResult> waitUntil(String id, Deadline end) {
    return new WaitCall<>(connection, id, end, patience.inAll(), this::handle).start();
  }

  /** One for each call of a method, the same through its repetitions. */
  private static String requestId() {
    return UUID.randomUUID().toString();
  }

  private CompletableFuture<StartedAttempt> start(
      String id, String workerId, Duration lease, String requestId, boolean force) {
    var request = StartAttemptRequest.newBuilder()
        .setId(id)
        .setWorkerId(workerId)
        .setRequestId(requestId.isEmpty() ? requestId() : requestId)
        .setForce(force);
    if (lease != null) request.setLease(ProtoTime.duration(lease));
    return call(getStartAttemptMethod(), request.build(), answer -> started(answer));
  }

  /** A repeated request gets its attempt again, which may be over by then. */
  private static StartedAttempt started(StartAttemptResponse answer) {
    TaskResultState state = TaskResultState.of(answer.getState());
    int attempt = answer.getAttempt();
    if (state.status() == TaskResultStatus.RUNNING && state.attempts() == attempt)
      return new StartedAttempt(attempt, state);
    String message =
        "attempt " + attempt + " of task result \"" + state.id() + "\" is over: do not run it";
    throw new Failure("STALE_ATTEMPT", Status.Code.FAILED_PRECONDITION, message).toException();
  }

  private CompletableFuture<TaskResultState> fail(
      AttemptFence attempt, TaskError error, boolean retry) {
    var failed =
        FinishAttemptRequest.Failed.newBuilder().setError(error.toProto()).setRetry(retry);
    return finish(attempt, FinishAttemptRequest.newBuilder().setFailed(failed));
  }

  private CompletableFuture<TaskResultState> finish(
      AttemptFence attempt, FinishAttemptRequest.Builder outcome) {
    var request = outcome
        .setId(attempt.id())
        .setIncarnation(attempt.incarnation())
        .setAttempt(attempt.attempt())
        .build();
    return call(getFinishAttemptMethod(), request, answer -> TaskResultState.of(answer.getState()));
  }

  private Flow.Publisher<TaskResult> watch(String id, TaskResultVersion known) {
    return subscriber -> subscriber.onSubscribe(
        new WatchSubscription(connection, id, known, heartbeat, this::handle, subscriber));
  }

  private TaskResult handle(io.taskresults.v1.TaskResult result) {
    return new TaskResult(this, result);
  }

  private <Q extends Message, A, R> CompletableFuture<R> call(
      MethodDescriptor<Q, A> method, Q request, Function<A, R> meaning) {
    return new UnaryCall<>(connection, method, request, meaning, patience).start();
  }
}
