package io.taskresults.client;

import java.time.Duration;

/** Renews the lease of an attempt at a third of its time, until it ends or the attempt is lost. */
final class LeaseRenewal {
  private final AsyncTaskResults client;
  private final Attempt attempt;
  private final Duration lease;
  private volatile boolean isEnded;
  private volatile Threads.Timer next;

  LeaseRenewal(AsyncTaskResults client, Attempt attempt, Duration lease) {
    this.client = client;
    this.attempt = attempt;
    this.lease = lease;
    renewLater();
  }

  private void renewLater() {
    next = client.connection().later(lease.dividedBy(3), this::renew);
    if (isEnded) next.cancel();
  }

  private void renew() {
    if (isEnded || client.connection().isClosed()) return;
    client
        .renewLease(attempt.taskResult().id(), attempt.number(), lease)
        .whenComplete((state, thrown) -> {
          if (isEnded) return;
          if (thrown instanceof TaskResultsException told && told.failure().tellsLoss()) {
            attempt.lose(told);
          } else {
            // A failure may pass, and until somebody takes the task over, the attempt is good even
            // without a lease.
            renewLater();
          }
        });
  }

  void end() {
    isEnded = true;
    next.cancel();
  }
}
