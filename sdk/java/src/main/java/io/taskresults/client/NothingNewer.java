package io.taskresults.client;

import java.util.concurrent.Flow;

/** The watch of a result that is known to be finished. */
final class NothingNewer implements Flow.Subscription {
  private NothingNewer() {}

  static void tell(Flow.Subscriber<?> subscriber) {
    subscriber.onSubscribe(new NothingNewer());
    subscriber.onComplete();
  }

  @Override
  public void request(long count) {}

  @Override
  public void cancel() {}
}
