package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Looks for threads that were left, so that no others may have any meanwhile. */
@Isolated
class ClosingTest {
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  @Test
  void itEndsWaitsAndWatchesAndLeavesNothingRunning() throws Exception {
    String id = client.create(NewTask.of("app.tasks.add")).id();
    CompletableFuture<TaskResult> waiting = client.async().waitFor(id);
    Recorded idle = new Recorded();
    client.async().watch(id).subscribe(idle);
    idle.request(1);
    Until.until("the first state", () -> idle.revisions().equals(List.of(1L)));
    client.close();
    var ended = assertThrows(ExecutionException.class, waiting::get);
    assertEquals("CANCELLED", ((TaskResultsException) ended.getCause()).reason());
    Until.until("the watch is over", idle::isOver);
    assertEquals("CANCELLED", ((TaskResultsException) idle.failure()).reason());
    Until.until("no thread is left", ClosingTest::noThreadIsLeft);
  }

  @Test
  void itEndsWhatPausesUntilItsServerIsBack() throws Exception {
    ClosedDoor door = new ClosedDoor();
    TaskResults nowhere = TaskResults.connect(door.address());
    CompletableFuture<TaskResult> getting = nowhere.async().get("x");
    CompletableFuture<TaskResult> waiting = nowhere.async().waitFor("x");
    Recorded watch = new Recorded();
    nowhere.async().watch("x").subscribe(watch);
    watch.request(1);
    Until.until("pauses have grown", () -> door.knocks() > 4);
    nowhere.close();
    for (var call : List.of(getting, waiting)) {
      var ended = assertThrows(ExecutionException.class, call::get);
      assertEquals("CANCELLED", ((TaskResultsException) ended.getCause()).reason());
    }
    Until.until("the watch is over", watch::isOver);
    assertEquals("CANCELLED", ((TaskResultsException) watch.failure()).reason());
    door.close();
    client.close();
  }

  @Test
  void afterwardsNothingIsSent() throws Exception {
    client.close();
    client.close();
    assertEquals(
        "CANCELLED",
        assertThrows(TaskResultsException.class, () -> client.get("x")).reason());
    assertEquals(
        "CANCELLED",
        assertThrows(TaskResultsException.class, () -> client.waitFor("x")).reason());
    assertEquals(
        "CANCELLED",
        assertThrows(TaskResultsException.class, () -> client.watch("x").count())
            .reason());
  }

  private static boolean noThreadIsLeft() {
    return Thread.getAllStackTraces().keySet().stream()
        .noneMatch(thread -> thread.getName().startsWith("taskresults-"));
  }
}
