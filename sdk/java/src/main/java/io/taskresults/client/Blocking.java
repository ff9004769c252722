package io.taskresults.client;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Waits in the caller's thread for what others do. */
final class Blocking {
  private Blocking() {}

  /** The outcome; an interrupt cancels what is under way. */
  static <T> T await(CompletableFuture<T> future) {
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
   * A failure that belongs to this caller alone, so that its stack trace may tell where it was
   * waited for.
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
    return new Failure(reason, Status.Code.CANCELLED, message, List.of(), Duration.ZERO, why)
        .toException();
  }
}
