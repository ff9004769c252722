package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Some 450 calls a second that are cancelled. Node.js 20 closes a connection at more than 1,000
 * cancels in a burst and 33 a second: docs/decisions/stream-resets.md.
 */
class ManyCancelsTest {
  private final NewTask task = NewTask.of("app.tasks.add");

  @Test
  void theyDisturbNothingBesideThem() throws Exception {
    try (Link link = Link.to(Server.shared().port());
        TaskResults client =
            TaskResults.builder(link.address()).deadline(Duration.ofMinutes(1)).build()) {
      String watched = client.create(task).id();
      String waited = client.create(task).id();
      String other = client.create(task).id();
      AtomicBoolean isOver = new AtomicBoolean();
      var statuses = CompletableFuture.supplyAsync(
          () -> client.watch(watched).map(TaskResult::status).toList());
      var waiting = client.async().waitFor(waited);
      var gets = CompletableFuture.supplyAsync(() -> {
        int count = 0;
        for (; !isOver.get(); count++) client.get(other);
        return count;
      });

      List<CompletableFuture<?>> cancelled = new ArrayList<>();
      // Until it has, or as often as tells that this server's Node.js allows it.
      while (link.connections() < 2 && cancelled.size() < 4_000) {
        List<CompletableFuture<TaskResult>> calls =
            IntStream.range(0, 9).mapToObj(i -> client.async().waitFor(other)).toList();
        Thread.sleep(20);
        calls.forEach(call -> call.cancel(true));
        cancelled.addAll(calls);
      }
      client.failTask(watched, null);
      client.failTask(waited, null);
      isOver.set(true);

      assertEquals(List.of(TaskResultStatus.READY, TaskResultStatus.FAILED), statuses.get());
      assertEquals(TaskResultStatus.FAILED, waiting.get().status());
      assertTrue(gets.get() > 10);
      assertTrue(cancelled.stream().allMatch(CompletableFuture::isCancelled));
    }
  }
}
