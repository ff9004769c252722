package io.taskresults.client;

import java.time.Duration;
import java.util.Objects;
import java.util.function.Predicate;

/** How {@link TaskResults#run} makes an attempt. Immutable: each method gives new ones. */
public final class RunOptions {
  private static final RunOptions DEFAULTS = new RunOptions(Duration.ofSeconds(30), thrown -> true);

  private final Duration lease;
  private final Predicate<Throwable> reported;

  private RunOptions(Duration lease, Predicate<Throwable> reported) {
    this.lease = lease;
    this.reported = reported;
  }

  /** A lease of 30 s, and whatever is thrown is reported. */
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
    return new RunOptions(Objects.requireNonNull(lease), reported);
  }

  /**
   * With a choice of what says something about the task. Anything else that the function throws,
   * such as the {@link OutOfMemoryError} of a worker that is about to end, is passed on without a
   * report: the result stays RUNNING until another worker takes it over, once the lease has run
   * out.
   *
   * @param which true for what makes the result FAILED. When it throws itself, the failure is
   *     reported
   * @return the options
   */
  public RunOptions report(Predicate<Throwable> which) {
    return new RunOptions(lease, Objects.requireNonNull(which));
  }

  Duration lease() {
    return lease;
  }

  boolean reports(Throwable thrown) {
    try {
      return reported.test(thrown);
    } catch (Throwable broken) {
      if (broken != thrown) thrown.addSuppressed(broken);
      return true;
    }
  }
}
