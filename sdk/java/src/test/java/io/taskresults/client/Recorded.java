package io.taskresults.client;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;

/** A subscriber that keeps what it is told, and asks for as much as it is made to. */
final class Recorded implements Flow.Subscriber<TaskResult> {
  private final List<Long> revisions = new CopyOnWriteArrayList<>();
  private volatile Flow.Subscription subscription;
  private volatile Throwable failure;
  private volatile boolean isOver;

  List<Long> revisions() {
    return revisions;
  }

  Throwable failure() {
    return failure;
  }

  boolean isOver() {
    return isOver;
  }

  void request(long count) {
    subscription.request(count);
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    subscription = given;
  }

  @Override
  public void onNext(TaskResult state) {
    revisions.add(state.revision());
  }

  @Override
  public void onError(Throwable thrown) {
    failure = thrown;
    isOver = true;
  }

  @Override
  public void onComplete() {
    isOver = true;
  }
}
