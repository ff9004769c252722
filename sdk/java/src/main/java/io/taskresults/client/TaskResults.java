package io.taskresults.client;

import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A client of the taskresults service. Thread-safe; one is enough for a program.
 *
 * <p>Every call has a deadline, 10 s by default, and is repeated within it while the service is
 * unavailable or full, or the link to it fails. Failures are {@link TaskResultsException}s. A
 * thread that is interrupted gives up its call with the reason CANCELLED, and stays interrupted.
 */
public final class TaskResults implements AutoCloseable {
  private final AsyncTaskResults async;

  TaskResults(AsyncTaskResults async) {
    this.async = async;
  }

  /**
   * A client in plain text, without a token.
   *
   * @param target where the service is, such as {@code 127.0.0.1:50051}, or any target of gRPC
   * @return the client, to be closed
   */
  public static TaskResults connect(String target) {
    return builder(target).build();
  }

  /** A client with settings. */
  public static TaskResultsBuilder builder(String target) {
    return new TaskResultsBuilder(target);
  }

  /**
   * The same client for callers that do not wait.
   *
   * @return a view of this client, good until this is closed
   */
  public AsyncTaskResults async() {
    return async;
  }

  /**
   * Reads a result.
   *
   * @throws TaskResultsException.DoesNotExist when there is none
   */
  public TaskResult get(String id) {
    return Blocking.await(() -> async.get(id));
  }

  /**
   * Reads a result that must belong to a certain task, for callers that expect a certain type of
   * return value.
   *
   * @param expectedTaskPath the path of that task
   * @throws TaskResultsException.DoesNotExist when there is none
   * @throws TaskResultsException.Mismatch when it belongs to another task
   */
  public TaskResult get(String id, String expectedTaskPath) {
    return get(id, expectedTaskPath, TaskResultView.FULL);
  }

  /**
   * Reads a result, or only its small parts.
   *
   * @param expectedTaskPath the path of the task that it must belong to; null for any
   * @param view how much to read
   * @throws TaskResultsException.DoesNotExist when there is none
   * @throws TaskResultsException.Mismatch when it belongs to another task
   */
  public TaskResult get(String id, String expectedTaskPath, TaskResultView view) {
    return Blocking.await(() -> async.get(id, expectedTaskPath, view));
  }

  /**
   * Reads any number of results.
   *
   * @param ids their ids; one that occurs twice is returned once, at its first place
   */
  public FoundTaskResults getMany(Collection<String> ids) {
    return getMany(ids, TaskResultView.FULL);
  }

  /**
   * Reads any number of results, or only their small parts.
   *
   * @param ids their ids; one that occurs twice is returned once, at its first place
   * @param view how much to read
   * @return those found and those missing
   */
  public FoundTaskResults getMany(Collection<String> ids, TaskResultView view) {
    return Blocking.await(() -> async.getMany(ids, view));
  }

  /**
   * Lists results, newest enqueued first, in the view {@link TaskResultView#BASIC}.
   *
   * @return the results; their pages are read as they are consumed
   */
  public Stream<TaskResult> list(TaskResultFilter filter) {
    return list(filter, 0, TaskResultView.BASIC);
  }

  /**
   * Lists results, newest enqueued first, whole or only their small parts.
   *
   * @param pageSize at most so many are read at a time, 1 to 1,000; 0 for 50
   * @param view how much to read
   * @return the results; their pages are read as they are consumed
   */
  public Stream<TaskResult> list(TaskResultFilter filter, int pageSize, TaskResultView view) {
    return Stream.iterate(
            page(filter, pageSize, view, ""),
            Objects::nonNull,
            page -> page.nextPageToken().isEmpty()
                ? null
                : page(filter, pageSize, view, page.nextPageToken()))
        .flatMap(page -> page.results().stream());
  }

  /**
   * Waits until a result is finished, for ever, also through a restart of the service.
   *
   * @throws TaskResultsException.DoesNotExist when there is none, or it is deleted meanwhile
   */
  public TaskResult waitFor(String id) {
    return Blocking.await(() -> async.waitFor(id));
  }

  /**
   * Waits until a result is finished, but no longer than asked for.
   *
   * @param timeout how long; zero asks once. The answer may be 2 s late, unless a call has less
   *     time
   * @throws TaskResultsException.DoesNotExist when there is none, or it is deleted meanwhile
   * @throws TaskResultsException.WaitTimedOut when it is not finished by then
   */
  public TaskResult waitFor(String id, Duration timeout) {
    return Blocking.await(() -> async.waitFor(id, timeout));
  }

  /**
   * Follows a result from its present state until it is finished: reading the stream waits for the
   * next state. A caller that reads slowly may miss states in between, never the last one. The
   * stream outlives lost links and restarts of the service. Other failures are raised,
   * {@link TaskResultsException.DoesNotExist} when there is no such result or it is deleted.
   *
   * @return the states, with versions that only grow; to be closed unless it was read to its end
   */
  public Stream<TaskResult> watch(String id) {
    return BlockingStream.of(async.watch(id));
  }

  /**
   * Creates a result for a task that has been enqueued.
   *
   * @return the new result; the present one when it was created before with the same content
   * @throws TaskResultsException.Exists when it was created before with other content
   */
  public TaskResult create(NewTask task) {
    return Blocking.await(() -> async.create(task));
  }

  /**
   * A worker takes a task. Each call counts as a new start, even with the same worker id.
   *
   * @param workerId who runs the attempt: 1 to 255 characters, of its own for each worker
   * @param lease within this time, 1 ms to 7 days, the attempt must be finished or its lease
   *     renewed; null for no limit
   * @throws TaskResultsException.AttemptInProgress when another attempt is running
   */
  public StartedAttempt startAttempt(String id, String workerId, Duration lease) {
    return Blocking.await(() -> async.startAttempt(id, workerId, lease));
  }

  /**
   * A worker takes a task, or gets the attempt again that it has started with this request.
   *
   * @param lease as for {@link #startAttempt(String, String, Duration)}
   * @param requestId identifies this request among all starts of the result: up to 255 characters
   *     that nobody else uses, such as a UUID. Give a new one for each delivery of a task: two
   *     workers that send the same one get the same attempt. Empty: the client makes one
   * @throws TaskResultsException.AttemptInProgress when another attempt is running
   * @throws TaskResultsException.StaleAttempt when the attempt that this request has started is
   *     over: it is not to be run again
   */
  public StartedAttempt startAttempt(String id, String workerId, Duration lease, String requestId) {
    return Blocking.await(() -> async.startAttempt(id, workerId, lease, requestId));
  }

  /**
   * A worker takes a task over, though another attempt may be running: that one is lost, and leaves
   * an error.
   *
   * @param lease as for {@link #startAttempt(String, String, Duration)}
   */
  public StartedAttempt takeOver(String id, String workerId, Duration lease) {
    return Blocking.await(() -> async.takeOver(id, workerId, lease));
  }

  /**
   * A worker takes a task over, or gets the attempt again that it has started with this request.
   *
   * @param requestId as for {@link #startAttempt(String, String, Duration, String)}
   * @throws TaskResultsException.StaleAttempt when the attempt that this request has started is
   *     over: it is not to be run again
   */
  public StartedAttempt takeOver(String id, String workerId, Duration lease, String requestId) {
    return Blocking.await(() -> async.takeOver(id, workerId, lease, requestId));
  }

  /**
   * The heartbeat of a worker: its lease now ends that long from now.
   *
   * @param attempt that of {@link StartedAttempt#fence}
   * @param lease the new lease
   * @throws TaskResultsException.StaleAttempt when another attempt was started, or the result was
   *     created anew
   */
  public TaskResultState renewLease(AttemptFence attempt, Duration lease) {
    return Blocking.await(() -> async.renewLease(attempt, lease));
  }

  /**
   * The heartbeat of a worker: its lease now ends that long from now. Whichever result has the id
   * is meant, so this is only for ids that are never used again.
   *
   * @param lease the new lease
   * @throws TaskResultsException.StaleAttempt when another attempt was started
   */
  public TaskResultState renewLease(String id, int attempt, Duration lease) {
    return Blocking.await(() -> async.renewLease(id, attempt, lease));
  }

  /**
   * An attempt returned a value: the result is SUCCESSFUL.
   *
   * @param attempt that of {@link StartedAttempt#fence}
   * @param value anything that Jackson makes JSON of, 1 MiB of it unless the service is set
   *     otherwise; null is a value
   * @throws TaskResultsException.StaleAttempt when another attempt was started, or the result was
   *     created anew
   * @throws TaskResultsException.NotEncodable when the value is no JSON; nothing is sent then, and
   *     the attempt goes on
   */
  public TaskResultState succeed(AttemptFence attempt, Object value) {
    return Blocking.await(() -> async.succeed(attempt, value));
  }

  /**
   * An attempt returned a value: the result is SUCCESSFUL. Whichever result has the id is meant, so
   * this is only for ids that are never used again.
   *
   * @param value as for {@link #succeed(AttemptFence, Object)}
   * @throws TaskResultsException.StaleAttempt when another attempt was started
   * @throws TaskResultsException.NotEncodable when the value is no JSON; nothing is sent then, and
   *     the attempt goes on
   */
  public TaskResultState succeed(String id, int attempt, Object value) {
    return Blocking.await(() -> async.succeed(id, attempt, value));
  }

  /**
   * An attempt failed, and so did the task: the result is FAILED.
   *
   * @param attempt that of {@link StartedAttempt#fence}
   * @throws TaskResultsException.StaleAttempt when another attempt was started, or the result was
   *     created anew
   */
  public TaskResultState fail(AttemptFence attempt, TaskError error) {
    return Blocking.await(() -> async.fail(attempt, error));
  }

  /**
   * An attempt failed, and so did the task: the result is FAILED. Whichever result has the id is
   * meant, so this is only for ids that are never used again.
   *
   * @throws TaskResultsException.StaleAttempt when another attempt was started
   */
  public TaskResultState fail(String id, int attempt, TaskError error) {
    return Blocking.await(() -> async.fail(id, attempt, error));
  }

  /**
   * An attempt failed, and another one is to be made: the result is READY again, unless it was the
   * last.
   *
   * @param attempt that of {@link StartedAttempt#fence}
   * @throws TaskResultsException.StaleAttempt when another attempt was started, or the result was
   *     created anew
   */
  public TaskResultState failForRetry(AttemptFence attempt, TaskError error) {
    return Blocking.await(() -> async.failForRetry(attempt, error));
  }

  /**
   * An attempt failed, and another one is to be made: the result is READY again, unless it was the
   * last. Whichever result has the id is meant, so this is only for ids that are never used again.
   *
   * @throws TaskResultsException.StaleAttempt when another attempt was started
   */
  public TaskResultState failForRetry(String id, int attempt, TaskError error) {
    return Blocking.await(() -> async.failForRetry(id, attempt, error));
  }

  /**
   * A task could not be started at all: the result is FAILED without an attempt.
   *
   * @param error why, or null
   */
  public TaskResultState failTask(String id, TaskError error) {
    return Blocking.await(() -> async.failTask(id, error));
  }

  /**
   * Removes a result in any state.
   *
   * @param version only this one; with a revision of 0, any of this incarnation; null for any
   * @param allowMissing a missing result is no error. Only then is the call repeated
   * @throws TaskResultsException.DoesNotExist when there is none, unless allowed
   * @throws TaskResultsException.RevisionMismatch when it has another version
   */
  public void delete(String id, TaskResultVersion version, boolean allowMissing) {
    Blocking.await(() -> async.delete(id, version, allowMissing));
  }

  /**
   * Makes one attempt at a new task, as {@link RunOptions#defaults} say.
   *
   * @param <X> what the function throws besides unchecked exceptions
   * @throws X what the function threw
   * @see #run(TaskResult, String, RunOptions, TaskFunction)
   */
  public <X extends Exception> TaskResult run(
      NewTask task, String workerId, TaskFunction<X> function) throws X {
    return run(task, workerId, RunOptions.defaults(), function);
  }

  /**
   * Makes one attempt at a new task.
   *
   * @param <X> what the function throws besides unchecked exceptions
   * @throws X what the function threw
   * @see #run(TaskResult, String, RunOptions, TaskFunction)
   */
  public <X extends Exception> TaskResult run(
      NewTask task, String workerId, RunOptions options, TaskFunction<X> function) throws X {
    return run(create(task), workerId, options, function);
  }

  /**
   * Makes one attempt at a task, as {@link RunOptions#defaults} say.
   *
   * @param <X> what the function throws besides unchecked exceptions
   * @throws X what the function threw
   * @see #run(TaskResult, String, RunOptions, TaskFunction)
   */
  public <X extends Exception> TaskResult run(
      TaskResult result, String workerId, TaskFunction<X> function) throws X {
    return run(result, workerId, RunOptions.defaults(), function);
  }

  /**
   * Makes one attempt at a task: starts it, calls the function in this thread, renews the lease at
   * a third of its time, and reports what came of it. What the function throws is reported as a
   * failure and passed on, and so is a return value that is too large or no JSON;
   * {@link RunOptions#retry} chooses what is worth another attempt. When the attempt is lost,
   * {@link Attempt#isLost} says so to the function, its thread is interrupted, and the loss is
   * raised.
   *
   * <p>An outcome is reported until the service has it, for as long as the lease at most, or 5 s if
   * the lease is shorter, after every answer that is about neither the report nor the attempt; an
   * interrupt does not end that, and is kept. Closing the client does. An interrupt that comes
   * while the attempt is started is for the function, unless that takes longer than the lease from
   * then on; after an earlier one no attempt is started.
   *
   * @param <X> what the function throws besides unchecked exceptions
   * @param result what to make an attempt at
   * @param workerId who runs the attempt: 1 to 255 characters, of its own for each worker
   * @return the same result, finished. It is as it was before when its value was recorded but the
   *     rest could neither be read nor be derived from what was known: {@link TaskResult#refresh}
   *     it later
   * @throws X what the function threw
   * @throws TaskResultsException.StaleAttempt when the attempt was lost to another worker, or the
   *     result has been created anew since it was read
   */
  public <X extends Exception> TaskResult run(
      TaskResult result, String workerId, RunOptions options, TaskFunction<X> function) throws X {
    return Run.of(async, result, workerId, options, function);
  }

  /**
   * Ends the connection, and what is under way on it with CANCELLED. Closing twice does nothing.
   */
  @Override
  public void close() {
    async.connection().close();
  }

  private TaskResultPage page(
      TaskResultFilter filter, int pageSize, TaskResultView view, String token) {
    return Blocking.await(() -> async.listPage(filter, pageSize, view, token));
  }
}
