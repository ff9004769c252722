package io.taskresults.client;

import io.grpc.Status;
import java.util.regex.Pattern;

/** What is worth another try: see the section of this name in sdk/README.md. */
final class RetryRule {
  /** A wait or a watch that meets so many bugs of the server in a row is given up. */
  private static final int MAX_BUGS = 3;

  /**
   * How the gRPC libraries say that a message is larger than either side allows: they have no
   * reason for it, and busy servers and proxies that limit rates answer with the same code.
   */
  private static final Pattern TOO_LARGE = Pattern.compile(
      "\\b(message|size) larger than\\b|\\bexceeds maximum size\\b", Pattern.CASE_INSENSITIVE);

  /** How they say that a stream was reset with ENHANCE_YOUR_CALM. */
  private static final Pattern CALM = Pattern.compile(
      "\\bENHANCE_YOUR_CALM\\b|\\bRST_STREAM with error code 11\\b|\\bbandwidth exhausted\\b",
      Pattern.CASE_INSENSITIVE);

  private RetryRule() {}

  /** Whether a call that failed so is to be made again. */
  static boolean isWorthRepeating(Failure failure) {
    return switch (failure.code()) {
      case UNAVAILABLE -> true;
      case RESOURCE_EXHAUSTED -> tellsLimit(failure);
      case INTERNAL, UNKNOWN -> failure.origin() != Failure.Origin.SERVICE;
      case CANCELLED -> failure.origin() != Failure.Origin.HERE;
      default -> false;
    };
  }

  /** Whether the server, or the link to it, has as much to do as it can. */
  static boolean tellsLimit(Failure failure) {
    return failure.reason().equals("LIMIT_REACHED")
        || failure.code() == Status.Code.RESOURCE_EXHAUSTED
            && CALM.matcher(failure.message()).find();
  }

  /**
   * Whether the report of an outcome may be taken a moment later: after all that was said on the
   * way, by a server or a proxy, and is about neither the report nor the attempt.
   */
  static boolean isWorthReportingAgain(Failure failure) {
    return !isLoss(failure) && !isRefusal(failure);
  }

  /**
   * Whether it says that the attempt is no longer this worker's: taken over, finished or deleted.
   */
  static boolean isLoss(Failure failure) {
    return switch (failure.reason()) {
      case "STALE_ATTEMPT", "ILLEGAL_TRANSITION", "TASK_RESULT_DOES_NOT_EXIST" -> true;
      default -> false;
    };
  }

  /** Whether it is about what was sent, which would be refused again. */
  static boolean isRefusal(Failure failure) {
    return switch (failure.reason()) {
      case "INVALID_FIELD", "PAYLOAD_TOO_LARGE", "NOT_ENCODABLE" -> true;
      default ->
        failure.code() == Status.Code.RESOURCE_EXHAUSTED
            && TOO_LARGE.matcher(failure.message()).find();
    };
  }

  /**
   * The same rule for one wait or watch, which outlives bugs of the server unless many come in a
   * row.
   */
  static final class StreamRule {
    private int bugs;

    boolean isWorthReopening(Failure failure) {
      boolean isBug =
          failure.code() == Status.Code.INTERNAL && failure.origin() == Failure.Origin.SERVICE;
      return isBug ? ++bugs < MAX_BUGS : isWorthRepeating(failure);
    }

    /** The server has sent something. */
    void reset() {
      bugs = 0;
    }
  }
}
