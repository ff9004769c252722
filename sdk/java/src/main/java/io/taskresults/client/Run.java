package io.taskresults.client;

import io.grpc.Status;

/** One attempt from its start to its report. */
final class Run {
  private final AsyncTaskResults client;
  private final AsyncTaskResults reports;
  private final TaskResult result;
  private final io.taskresults.v1.TaskResult known;
  private final RunOptions options;
  private final Attempt attempt;

  private Run(AsyncTaskResults client, TaskResult result, String workerId, RunOptions options) {
    this.client = client;
    this.result = result;
    this.options = options;
    known = result.state();
    reports = client.with(client.patience().forReport(options.lease()));
    // An attempt that may have begun is not to be abandoned: an interrupt that comes meanwhile is
    // for the function. After the lease, whatever has begun is free for others.
    StartedAttempt started = Blocking.await(
        () -> client.startAttempt(result.id(), workerId, options.lease()), options.lease());
    attempt = new Attempt(result, started.fence(), workerId);
  }

  static <X extends Exception> TaskResult of(
      AsyncTaskResults client,
      TaskResult result,
      String workerId,
      RunOptions options,
      TaskFunction<X> function)
      throws X {
    Run run = new Run(client, result, workerId, options);
    // Until the outcome is kept: also a report may take its time.
    LeaseRenewal renewal = new LeaseRenewal(client, run.attempt, options.lease());
    try {
      run.requireWhatWasMeant();
      return run.make(function);
    } finally {
      renewal.end();
    }
  }

  /** A start names an id. What was created anew under it, maybe for another task, is given back. */
  private void requireWhatWasMeant() {
    if (attempt.fence().incarnation() == known.getIncarnation()) return;
    String message = "task result \"" + result.id() + "\" has been created anew";
    TaskResultsException gone =
        new Failure("STALE_ATTEMPT", Status.Code.FAILED_PRECONDITION, message).toException();
    try {
      Blocking.awaitThroughInterrupts(reports.failForRetry(attempt.fence(), TaskError.of(gone)));
    } catch (TaskResultsException kept) {
      gone.addSuppressed(kept);
    }
    throw gone;
  }

  private <X extends Exception> TaskResult make(TaskFunction<X> function) throws X {
    Object value;
    try {
      value = call(function);
    } catch (Throwable thrown) {
      // A loss is raised, whatever the choice of what is reported says about its interrupt.
      if (attempt.isLost() || options.reports(thrown)) failed(thrown);
      throw thrown;
    }
    if (attempt.isLost()) throw attempt.loss();
    return succeeded(value);
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
    failed(thrown, "", !attempt.isLost() && options.retries(thrown));
  }

  private void failed(Throwable thrown, String prefix, boolean retry) {
    TaskResultsException loss = attempt.loss();
    try {
      if (loss == null) report(thrown, prefix, retry);
    } catch (Throwable unreported) {
      if (unreported instanceof TaskResultsException told && RetryRule.isLoss(told.failure()))
        loss = told;
      else suppress(unreported, thrown);
    }
    if (loss != null) {
      suppress(thrown, loss);
      throw loss;
    }
  }

  private TaskResult succeeded(Object value) {
    String json;
    TaskResultState state;
    try {
      json = Json.encode(value);
      state = Blocking.awaitThroughInterrupts(reports.succeedWithJson(attempt.fence(), json));
    } catch (Throwable refusal) {
      if (isAboutWhatWasSent(refusal)) failed(refusal, "the return value cannot be kept: ", false);
      throw refusal;
    }
    Succeeded.of(known, state, attempt.workerId(), json)
        .ifPresentOrElse(newer -> result.replace(TaskResultVersion.of(known), newer), this::read);
    return result;
  }

  /** The value is kept, whether the result can be read now or only later. */
  private void read() {
    try {
      Blocking.awaitThroughInterrupts(client.refresh(result));
    } catch (TaskResultsException unread) {
      return;
    }
  }

  /** Reports a failure, in fewer words when it cannot be reported in full. */
  private void report(Throwable thrown, String prefix, boolean retry) {
    try {
      fail(TaskError.of(thrown), prefix, retry);
    } catch (Throwable refusal) {
      if (!isAboutWhatWasSent(refusal)) throw refusal;
      fail(TaskError.inFewWords(thrown), prefix, retry);
    }
  }

  private void fail(TaskError error, String prefix, boolean retry) {
    TaskError told =
        TaskError.of(error.exceptionClassPath(), prefix + error.message(), error.traceback());
    Blocking.awaitThroughInterrupts(
        retry ? reports.failForRetry(attempt.fence(), told) : reports.fail(attempt.fence(), told));
  }

  /** Whether something else may be sent instead. What could not even be sent is no better. */
  private static boolean isAboutWhatWasSent(Throwable refusal) {
    return !(refusal instanceof TaskResultsException told) || RetryRule.isRefusal(told.failure());
  }

  /** Two errors of a runtime that is out of memory may be one and the same. */
  private static void suppress(Throwable other, Throwable passedOn) {
    if (other != passedOn) passedOn.addSuppressed(other);
  }
}
