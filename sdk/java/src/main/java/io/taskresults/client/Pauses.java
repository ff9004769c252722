package io.taskresults.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Pauses between tries: growing, and with jitter, so that many callers of one server do not come
 * back all at once.
 */
final class Pauses {
  private static final long FIRST_MILLIS = 100;
  private static final long LONGEST_MILLIS = 2_000;

  private long nextMillis = FIRST_MILLIS;

  /**
   * The next pause, or the one that the server asked for if that is longer; half as much again at
   * most.
   */
  Duration next(Duration asked) {
    long millis = Math.max(nextMillis, asked.toMillis());
    nextMillis = Math.min(nextMillis * 2, LONGEST_MILLIS);
    return Duration.ofMillis(millis + ThreadLocalRandom.current().nextLong(millis / 2));
  }

  /** All is well again. */
  void reset() {
    nextMillis = FIRST_MILLIS;
  }
}
