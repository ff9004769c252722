package io.taskresults.client;

import io.grpc.Status;
import java.time.Duration;

/** One attempt from its start to its report. */
final class Run {
  private final AsyncTaskResults client;
  private final Attempt attempt;

  private Run(AsyncTaskResults client, Attempt attempt) {
    this.client = client;
    this.attempt = attempt;
  }

  static <X extends Exception> TaskResult of(
      AsyncTaskResults client,
      TaskResult result,
      String workerId,
      Duration lease,
      TaskFunction<X> function)
      throws X {
    StartedAttempt started = Blocking.await(client.startAttempt(result.id(), workerId, lease));
    Attempt attempt = new Attempt(result, started.number(), workerId);
    LeaseRenewal renewal = new LeaseRenewal(client, attempt, lease);
    try {
      new Run(client, attempt).make(function);
    } finally {
      renewal.end();
    }
    return result.refresh();
  }

  private <X extends Exception> void make(TaskFunction<X> function) throws X {
    Object value;
    try {
      value = call(function);
    } catch (Throwable thrown) {
      failed(thrown);
      throw thrown;
    }
    if (attempt.isLost()) throw attempt.loss();
    succeeded(value);
  }

  private <X extends Exception> Object call(TaskFunction<X> function) throws X {
    attempt.enter();
    try {
      return function.run(attempt);
    } finally {
      attempt.leave();
    }
  }

  /**
   * Reports what was thrown, and returns for it to be passed on; throws when the attempt was lost.
   */
  private void failed(Throwable thrown) {
    TaskResultsException loss = attempt.loss();
    // A function that was interrupted is reported like any other.
    boolean wasInterrupted = Thread.interrupted();
    try {
      if (loss == null) Blocking.await(client.fail(id(), attempt.number(), TaskError.of(thrown)));
    } catch (TaskResultsException unreported) {
      if (unreported.failure().tellsLoss()) loss = unreported;
      else thrown.addSuppressed(unreported);
    } finally {
      if (wasInterrupted) Thread.currentThread().interrupt();
    }
    if (loss != null) {
      loss.addSuppressed(thrown);
      throw loss;
    }
  }

  private void succeeded(Object value) {
    try {
      Blocking.await(client.succeed(id(), attempt.number(), value));
    } catch (TaskResultsException refusal) {
      if (refusesValue(refusal))
        Blocking.await(client.fail(id(), attempt.number(), unkept(refusal)));
      throw refusal;
    }
  }

  /** A message over the limit of the transport is refused without a reason. */
  private static boolean refusesValue(TaskResultsException refusal) {
    return refusal instanceof TaskResultsException.NotEncodable
        || refusal instanceof TaskResultsException.PayloadTooLarge
        || refusal.reason().equals(Status.Code.RESOURCE_EXHAUSTED.name());
  }

  private static TaskError unkept(TaskResultsException refusal) {
    TaskError error = TaskError.of(refusal);
    String message = "the return value cannot be kept: " + refusal.getMessage();
    return TaskError.of(error.exceptionClassPath(), message, error.traceback());
  }

  private String id() {
    return attempt.taskResult().id();
  }
}
