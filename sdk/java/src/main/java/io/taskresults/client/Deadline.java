package io.taskresults.client;

import java.time.Duration;

/** A moment by which something must be done, by a monotonic clock. */
final class Deadline {
  /** Far enough for ever, and near enough for sums with it not to overflow. */
  static final Duration MAX = Duration.ofDays(36_500);

  private final long at;

  private Deadline(long at) {
    this.at = at;
  }

  /** Over at once when the span is negative. */
  static Deadline in(Duration span) {
    return new Deadline(
        System.nanoTime() + longer(Duration.ZERO, shorter(span, MAX)).toNanos());
  }

  static Deadline never() {
    return in(MAX);
  }

  /** The time left, in whole milliseconds, rounded up; zero when it is over. */
  Duration left() {
    long nanos = Math.max(0, at - System.nanoTime());
    return Duration.ofMillis((nanos + 999_999) / 1_000_000);
  }

  boolean isOver() {
    return left().isZero();
  }

  static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }
}
