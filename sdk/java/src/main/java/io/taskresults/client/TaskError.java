package io.taskresults.client;

import java.time.Instant;
import java.util.Optional;

/**
 * One failed attempt.
 *
 * @param exceptionClassPath the class of what was raised, in the words of the worker's language; at
 *     most 1,000 characters are kept
 * @param message the error's own text; at most 64 KiB are kept
 * @param traceback the stack in the worker's own format; at most 256 KiB are kept. Empty in the
 *     {@link TaskResultView#BASIC} view
 * @param attempt the attempt that failed, counted from 1; 0 when the task failed before any. Set by
 *     the server
 * @param workerId the worker of that attempt; empty before any. Set by the server
 * @param raisedAt when the server learned of it; absent until then
 */
public record TaskError(
    String exceptionClassPath,
    String message,
    String traceback,
    int attempt,
    String workerId,
    Optional<Instant> raisedAt) {
  private static final int MAX_CLASS_PATH_CHARACTERS = 1_000;
  private static final int MAX_MESSAGE_BYTES = 64 * 1_024;
  private static final int MAX_TRACEBACK_BYTES = 256 * 1_024;
  private static final int MAX_FEW_WORDS_BYTES = 1_024;

  /**
   * An error to report.
   *
   * @param exceptionClassPath the class of what was raised; must not be empty
   * @param message its text
   * @param traceback its stack
   * @return the error, without what the server adds
   */
  public static TaskError of(String exceptionClassPath, String message, String traceback) {
    return new TaskError(exceptionClassPath, message, traceback, 0, "", Optional.empty());
  }

  /**
   * What was thrown, as an error to report: its class, its message and its stack trace with causes.
   * Where one of these cannot be had, because a method of the throwable throws itself, a text says
   * so.
   *
   * @param thrown what was thrown
   * @return the error, without what the server adds
   */
  public static TaskError of(Throwable thrown) {
    return of(
        thrown.getClass().getName(), ThrownText.message(thrown), ThrownText.stackTrace(thrown));
  }

  /** What was thrown, in so few words that nothing can be wrong with them. */
  static TaskError inFewWords(Throwable thrown) {
    String message = CutText.toBytes(MAX_FEW_WORDS_BYTES, ThrownText.message(thrown));
    return of(thrown.getClass().getName(), message, "");
  }

  static TaskError of(io.taskresults.v1.TaskError error) {
    return new TaskError(
        error.getExceptionClassPath(),
        error.getMessage(),
        error.getTraceback(),
        error.getAttempt(),
        error.getWorkerId(),
        ProtoTime.instant(error.hasRaisedAt(), error.getRaisedAt()));
  }

  io.taskresults.v1.TaskError toProto() {
    return io.taskresults.v1.TaskError.newBuilder()
        .setExceptionClassPath(CutText.toCharacters(
            MAX_CLASS_PATH_CHARACTERS, LoneSurrogates.escape(exceptionClassPath)))
        .setMessage(CutText.toBytes(MAX_MESSAGE_BYTES, LoneSurrogates.escape(message)))
        .setTraceback(CutText.toBytes(MAX_TRACEBACK_BYTES, LoneSurrogates.escape(traceback)))
        .build();
  }
}
