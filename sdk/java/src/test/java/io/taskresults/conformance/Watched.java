package io.taskresults.conformance;

import io.taskresults.client.TaskResult;
import io.taskresults.client.TaskResultsException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What a watch has yielded so far. */
final class Watched implements Flow.Subscriber<TaskResult> {
  private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final List<Long> revisions = new ArrayList<>();
  private TaskResult last;
  private String end;

  /** Once that was seen, or after 30 s. */
  synchronized ObjectNode answer(JsonNode until) throws InterruptedException {
    long deadline = System.nanoTime() + MAX_NANOS;
    for (long left = MAX_NANOS; left > 0 && !hasSeen(until); left = deadline - System.nanoTime()) {
      wait(left / 1_000_000 + 1);
    }
    ObjectNode answer = Wire.object().put("end", end);
    answer.set("revisions", Wire.texts(revisions));
    answer.set("last", last == null ? null : Wire.handle(last));
    return answer;
  }

  private boolean hasSeen(JsonNode until) {
    if (end != null) return true;
    return until.isNumber() && last != null && last.revision() >= until.asLong();
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public synchronized void onNext(TaskResult state) {
    revisions.add(state.revision());
    last = state;
    notifyAll();
  }

  @Override
  public void onError(Throwable failure) {
    end(failure instanceof TaskResultsException told ? told.reason() : failure.toString());
  }

  @Override
  public void onComplete() {
    end("finished");
  }

  private synchronized void end(String how) {
    end = how;
    notifyAll();
  }
}
