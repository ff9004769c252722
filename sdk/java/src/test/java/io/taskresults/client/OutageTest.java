package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** What goes on while the server is away, and once it is back. */
class OutageTest {
  @AutoClose
  private final Server server = Server.with(Map.of());

  @AutoClose
  private final TaskResults client =
      TaskResults.builder(server.address()).deadline(Duration.ofMinutes(1)).build();

  private final String id = client.create(NewTask.of("app.tasks.add")).id();

  @Test
  void callsAreRepeatedUntilTheServerIsBack() throws Exception {
    server.kill();
    CompletableFuture<StartedAttempt> starting = client.async().startAttempt(id, "w1", null);
    CompletableFuture<Void> deleting = client.async().delete("nobody", null, true);
    var refused = assertThrows(TaskResultsException.class, () -> client.delete(id, null, false));
    assertEquals("UNAVAILABLE", refused.reason());
    server.start();
    assertEquals(1, starting.get().number());
    deleting.get();
  }

  @Test
  void callsAreGivenUpByTheirDeadline() {
    server.kill();
    try (TaskResults impatient =
        TaskResults.builder(server.address()).deadline(Duration.ofMillis(700)).build()) {
      long start = System.nanoTime();
      var failure = assertThrows(TaskResultsException.class, () -> impatient.get(id));
      Duration took = Duration.ofNanos(System.nanoTime() - start);
      // Whichever comes first: the last refusal, or the deadline of the last try.
      assertTrue(Set.of("UNAVAILABLE", "DEADLINE_EXCEEDED").contains(failure.reason()));
      assertTrue(took.compareTo(Duration.ofSeconds(9)) < 0, took.toString());
    }
  }

  @Test
  void eachTryOpensALinkOfItsOwn() throws Exception {
    try (ClosedDoor door = new ClosedDoor();
        TaskResults impatient =
            TaskResults.builder(door.address()).deadline(Duration.ofSeconds(4)).build()) {
      assertThrows(TaskResultsException.class, () -> impatient.get(id));
      // gRPC itself would come back after 1 s, 1.6 s, 2.6 s.
      assertTrue(door.knocks() >= 4, door.knocks() + " tries");
    }
  }

  @Test
  void aCallThatIsNeverAnsweredEndsWithItsDeadline() throws Exception {
    try (Link link = Link.to(server.port());
        TaskResults far =
            TaskResults.builder(link.address()).deadline(Duration.ofSeconds(3)).build()) {
      far.get(id);
      link.cut();
      var failure = assertThrows(TaskResultsException.class, () -> far.get(id));
      assertEquals("DEADLINE_EXCEEDED", failure.reason());
    }
  }

  @Test
  void waitsAndWatchesGoOnAfterwards() throws Exception {
    CompletableFuture<TaskResult> waiting = client.async().waitFor(id);
    try (Stream<TaskResult> states = client.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      assertEquals(1, watched.next().revision());
      server.kill();
      server.start();
      client.startAttempt(id, "w1", null);
      assertEquals(2, watched.next().revision());
      server.stop();
      server.start();
      client.succeed(id, 1, 3);
      assertEquals(3, watched.next().revision());
      assertFalse(watched.hasNext());
      assertEquals(3, waiting.get().returnValue());
    }
  }

  @Test
  void whatWasDeletedMeanwhileIsGone() {
    try (Stream<TaskResult> states = client.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      client.startAttempt(id, "w1", null);
      while (watched.next().revision() < 2) {}
      server.kill();
      server.start();
      client.delete(id, null, true);
      assertThrows(TaskResultsException.DoesNotExist.class, watched::next);
    }
  }

  @Test
  void aWatchMayBeginBeforeTheServerIsThere() throws Exception {
    server.kill();
    Recorded recorded = new Recorded();
    client.async().watch(id).subscribe(recorded);
    recorded.request(10);
    server.start();
    Until.until("the first state", () -> recorded.revisions().size() == 1);
  }
}
