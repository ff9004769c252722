package io.taskresults.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Waits in the caller's thread for what others do. */
final class Blocking {
  private Blocking() {}

  /**
   * The outcome of a call; an interrupt cancels it, and keeps a thread that has been interrupted
   * before from making it.
   */
  static <T> T await(Supplier<CompletableFuture<T>> call) {
    refuseInterrupted();
    CompletableFuture<T> future = call.get();
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw raised(e.getCause());
    } catch (InterruptedException e) {
      future.cancel(true);
      throw interrupted(e);
    }
  }

  /**
   * The outcome of a call that may have been heard when an interrupt comes, and is cancelled only
   * so long after it; the thread stays interrupted. One that has been interrupted before does not
   * make the call.
   */
  static <T> T await(Supplier<CompletableFuture<T>> call, Duration afterInterrupt) {
    refuseInterrupted();
    CompletableFuture<T> future = call.get();
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw raised(e.getCause());
    } catch (InterruptedException e) {
      long nanos = Deadline.shorter(afterInterrupt, Deadline.MAX).toNanos();
      return awaitInterrupted(future.orTimeout(nanos, TimeUnit.NANOSECONDS), interrupted(e));
    }
  }

  private static <T> T awaitInterrupted(
      CompletableFuture<T> future, TaskResultsException interrupted) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof TimeoutException) throw interrupted;
      throw raised(e.getCause());
    }
  }

  /** The outcome of a call that an interrupt must not end; the thread stays interrupted. */
  static <T> T awaitThroughInterrupts(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw raised(e.getCause());
    }
  }

  private static void refuseInterrupted() {
    if (Thread.currentThread().isInterrupted()) throw interrupted(new InterruptedException());
  }

  /**
   * A failure that belongs to this caller alone, so that its stack trace shows where the caller
   * waited.
   */
  static RuntimeException raised(Throwable failure) {
    failure.fillInStackTrace();
    if (failure instanceof Error error) throw error;
    if (failure instanceof RuntimeException exception) throw exception;
    throw new IllegalStateException(failure); // nothing here fails with a checked exception
  }

  /** The caller's thread stays interrupted. */
  static TaskResultsException interrupted(InterruptedException why) {
    Thread.currentThread().interrupt();
    String reason = Status.Code.CANCELLED.name();
    String message = "the thread was interrupted";
    return new Failure(reason, Status.Code.CANCELLED, message, List.of(), why).toException();
  }
}
