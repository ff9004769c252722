package io.taskresults.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** A call that is made again, after a pause, while its failures may pass. */
abstract class RepeatedCall<A, R> {
  protected final Connection connection;
  private final CompletableFuture<R> result = new CompletableFuture<>();
  protected final Pauses pauses = new Pauses();
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

  /** Whoever ends the future, by cancelling it or otherwise, cancels the call. */
  final CompletableFuture<R> start() {
    attempt();
    result.whenComplete((value, thrown) -> {
      if (underWay != null) underWay.cancel(true);
    });
    return result;
  }

  protected final void attempt() {
    if (result.isDone()) return;
    orFail(() -> {
      CompletableFuture<A> call = ask();
      underWay = call;
      if (result.isDone()) call.cancel(true);
      call.whenComplete((answer, thrown) -> {
        if (!result.isDone()) orFail(() -> ended(answer, thrown));
      });
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

  private void ended(A answer, Throwable thrown) {
    if (thrown == null) answered(answer);
    else if (!(thrown instanceof TaskResultsException failure))
      result.completeExceptionally(thrown);
    else if (connection.isClosed()) fail(failure);
    else failed(failure, pauses.next(failure.failure()));
  }

  /**
   * Whatever is wrong with a request or an answer, the call must end, since a caller waits for it.
   */
  private void orFail(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException | Error wrong) {
      result.completeExceptionally(wrong);
    }
  }
}
