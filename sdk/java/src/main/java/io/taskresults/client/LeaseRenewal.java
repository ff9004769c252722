package io.taskresults.client;

import java.time.Duration;

/**
 * Renews the lease of an attempt at a third of its time, until it ends or the attempt is lost. A
 * renewal may not take longer than that: one that is stuck would hide the loss.
 */
final class LeaseRenewal {
  private final AsyncTaskResults client;
  private final Attempt attempt;
  private final Duration lease;
  private final Duration third;
  private volatile boolean isEnded;
  private volatile Threads.Timer next;

  LeaseRenewal(AsyncTaskResults client, Attempt attempt, Duration lease) {
    this.attempt = attempt;
    this.lease = lease;
    third = lease.dividedBy(3);
    this.client = client.with(client.patience().within(third));
    renewAfter(third);
  }

  private void renewAfter(Duration pause) {
    next = client.connection().later(pause, this::renew);
    if (isEnded) next.cancel();
  }

  private void renew() {
    if (isEnded || client.connection().isClosed()) return;
    Deadline due = Deadline.in(third);
    client.renewLease(attempt.fence(), lease).whenComplete((state, thrown) -> {
      if (isEnded) return;
      if (thrown instanceof TaskResultsException told && RetryRule.isLoss(told.failure())) {
        attempt.lose(told);
      } else {
        // A failure may pass, and until somebody takes the task over, the attempt is good even
        // without a lease.
        renewAfter(due.left());
      }
    });
  }

  void end() {
    isEnded = true;
    next.cancel();
  }
}
