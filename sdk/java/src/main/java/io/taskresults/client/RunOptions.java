package io.taskresults.client;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;

/** How {@link TaskResults#run} makes an attempt. Immutable: each method gives new ones. */
public final class RunOptions {
  private static final RunOptions DEFAULTS =
      new RunOptions(Duration.ofSeconds(60), thrown -> true, thrown -> false);

  private final Duration lease;
  private final Predicate<Throwable> reported;
  private final Predicate<Throwable> retried;

  private RunOptions(Duration lease, Predicate<Throwable> reported, Predicate<Throwable> retried) {
    this.lease = lease;
    this.reported = reported;
    this.retried = retried;
  }

  /** A lease of 60 s, and whatever is thrown is reported and makes the result FAILED. */
  public static RunOptions defaults() {
    return DEFAULTS;
  }

  /**
   * With another lease.
   *
   * @param lease how long the attempt outlives its worker, 1 ms to 7 days; renewed at a third of
   *     that
   * @return the options
   */
  public RunOptions lease(Duration lease) {
    return new RunOptions(Objects.requireNonNull(lease), reported, retried);
  }

  /**
   * With a choice of what says something about the task. Anything else that the function throws,
   * such as the {@link OutOfMemoryError} of a worker that is about to end, is passed on without a
   * report: the result stays RUNNING until another worker takes it over, once the lease has run
   * out.
   *
   * @param which true for what is reported. When it throws itself, the failure is reported
   * @return the options
   */
  public RunOptions report(Predicate<Throwable> which) {
    return new RunOptions(lease, Objects.requireNonNull(which), retried);
  }

  /**
   * With a choice of what is worth another attempt: the result is READY again, with the failure
   * among its errors. Anything else that is reported makes it FAILED. It is asked only about what
   * is reported, and not about a value that cannot be kept.
   *
   * @param which true for what is worth another attempt. When it throws itself, none is made
   * @return the options
   */
  public RunOptions retry(Predicate<Throwable> which) {
    return new RunOptions(lease, reported, Objects.requireNonNull(which));
  }

  Duration lease() {
    return lease;
  }

  boolean reports(Throwable thrown) {
    return choice(reported, thrown, true);
  }

  boolean retries(Throwable thrown) {
    return choice(retried, thrown, false);
  }

  private static boolean choice(Predicate<Throwable> which, Throwable thrown, boolean otherwise) {
    try {
      return which.test(thrown);
    } catch (Throwable broken) {
      if (broken != thrown) thrown.addSuppressed(broken);
      return otherwise;
    }
  }
}
