package io.taskresults.client;

import java.time.Duration;
import java.util.function.Predicate;

/**
 * How long a call goes on, and what it outlives.
 *
 * @param inAll the time for all its tries together
 * @param oneTry the time after which a try that gave no answer counts as failed
 * @param outlives the failures after which it is tried again
 */
record Patience(Duration inAll, Duration oneTry, Predicate<Failure> outlives) {
  private static final Duration MIN_REPORT = Duration.ofSeconds(5);

  /** A call that is safe to repeat. */
  static Patience repeating(Duration inAll) {
    return new Patience(inAll, inAll, RetryRule::isWorthRepeating);
  }

  /** A second try could not be distinguished from the first. */
  Patience withoutRepetition() {
    return new Patience(inAll, oneTry, failure -> false);
  }

  /** As long as this, but no longer than the span. */
  Patience within(Duration span) {
    return new Patience(Deadline.shorter(inAll, span), oneTry, outlives);
  }

  /**
   * For the outcome of an attempt, which nobody else knows: as long as the lease. A try that is
   * never answered leaves time for others, and even the shortest lease leaves a server the time to
   * answer.
   */
  Patience forReport(Duration lease) {
    Duration all = Deadline.longer(lease, MIN_REPORT);
    return new Patience(
        all, Deadline.shorter(oneTry, all.dividedBy(3)), RetryRule::isWorthReportingAgain);
  }
}
