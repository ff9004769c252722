package io.taskresults.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A call that is made again, after a pause, while its failures may pass. */
abstract class RepeatedCall<A, R> {
  protected final Connection connection;
  private final CompletableFuture<R> result = new CompletableFuture<>();
  private final Pauses pauses = new Pauses();
  private volatile CompletableFuture<A> underWay;

  RepeatedCall(Connection connection) {
    this.connection = connection;
  }

  /** One try. */
  protected abstract CompletableFuture<A> ask();

  /**
   * What an answer means: ends with {@link #succeed} or {@link #fail}, or in another
   * {@link #attempt}.
   */
  protected abstract void answered(A answer);

  /**
   * What a failure means: ends with {@link #fail}, or in {@link #attemptAfter} this pause or a
   * shorter one.
   */
  protected abstract void failed(TaskResultsException failure, Duration pause);

  /** Cancelling the future cancels the call. */
  final CompletableFuture<R> start() {
    result.whenComplete((value, thrown) -> {
      if (result.isCancelled() && underWay != null) underWay.cancel(true);
    });
    attempt();
    return result;
  }

  protected final void attempt() {
    if (result.isDone()) return;
    CompletableFuture<A> call = ask();
    underWay = call;
    if (result.isCancelled()) call.cancel(true);
    call.whenComplete((answer, thrown) -> {
      if (result.isDone()) return;
      if (thrown == null) take(answer);
      else if (connection.isClosed()) fail((TaskResultsException) thrown);
      else refused((TaskResultsException) thrown);
    });
  }

  protected final void attemptAfter(Duration pause) {
    connection.afterPause(pause, this::attempt);
  }

  protected final void succeed(R value) {
    result.complete(value);
  }

  protected final void fail(TaskResultsException failure) {
    result.completeExceptionally(failure);
  }

  /** Whatever is wrong with an answer, somebody waits for the result. */
  private void take(A answer) {
    try {
      answered(answer);
    } catch (RuntimeException malformed) {
      result.completeExceptionally(malformed);
    }
  }

  private void refused(TaskResultsException failure) {
    failed(failure, pauses.next(failure.failure().retryDelay()));
  }
}
