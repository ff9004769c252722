package io.taskresults.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pauses between tries: growing, and with jitter, so that many callers of one server do not come
 * back all at once.
 */
final class Pauses {
  private final Growth ordinary = new Growth(100, 2_000);

  /** What is full does not empty in a moment. */
  private final Growth atLimit = new Growth(1_000, 10_000);

  /** The pause after a failure: at least what the server asks for. */
  Duration next(Failure failure) {
    Growth growth = RetryRule.tellsLimit(failure) ? atLimit : ordinary;
    return Deadline.longer(growth.next(), failure.retryDelay());
  }

  /** The pause after the end of a stream without a failure. */
  Duration next() {
    return ordinary.next();
  }

  /** All is well again. */
  void reset() {
    ordinary.reset();
    atLimit.reset();
  }

  /** Each pause is twice as long as the one before. */
  private static final class Growth {
    private final long minMillis;
    private final long maxMillis;
    private long nextMillis;

    Growth(long minMillis, long maxMillis) {
      this.minMillis = minMillis;
      this.maxMillis = maxMillis;
      nextMillis = minMillis;
    }

    /** A random part of it, half at least. */
    Duration next() {
      long half = nextMillis / 2;
      nextMillis = Math.min(nextMillis * 2, maxMillis);
      return Duration.ofMillis(half + ThreadLocalRandom.current().nextLong(half + 1));
    }

    void reset() {
      nextMillis = minMillis;
    }
  }
}
