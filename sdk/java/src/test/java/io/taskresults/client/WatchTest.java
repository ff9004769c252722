package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTest {
  @AutoClose
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  private final String id = client.create(NewTask.of("app.tasks.add")).id();

  @Test
  void itYieldsEachNewerStateAndEnds() {
    try (Stream<TaskResult> states = client.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      assertEquals(1, watched.next().revision());
      client.startAttempt(id, "w1", null);
      assertEquals(2, watched.next().revision());
      client.succeed(id, 1, "done");
      assertEquals("done", watched.next().returnValue());
      assertFalse(watched.hasNext());
    }
  }

  @Test
  void aHandleYieldsWhatIsNewerThanItself() {
    TaskResult result = client.get(id);
    client.startAttempt(id, "w1", null);
    client.succeed(id, 1, 3);
    try (Stream<TaskResult> states = result.watch()) {
      assertEquals(List.of(3L), states.map(TaskResult::revision).toList());
    }
    assertEquals(1, result.revision(), "the handle itself stays as it is");
    try (Stream<TaskResult> states = result.refresh().watch()) {
      assertEquals(0, states.count());
    }
  }

  @Test
  void aSlowSubscriberSkipsStatesButNotTheLast() throws InterruptedException {
    // So large that no buffer between server and client holds all of its states.
    String id =
        client.create(NewTask.of("app.tasks.large").args("x".repeat(500_000))).id();
    Recorded recorded = new Recorded();
    client.async().watch(id).subscribe(recorded);
    recorded.request(1);
    Until.until("the first state", () -> recorded.revisions().equals(List.of(1L)));
    for (int attempt = 1; attempt <= 20; attempt++) {
      client.startAttempt(id, "w1", null);
      client.failForRetry(id, attempt, TaskError.of("E", "m", ""));
    }
    client.failTask(id, null);
    recorded.request(100);
    Until.until("the end", recorded::isOver);
    assertTrue(
        recorded.revisions().size() < 42, "not every state was sent: " + recorded.revisions());
    assertEquals(42L, recorded.revisions().get(recorded.revisions().size() - 1));
    assertEquals(recorded.revisions().stream().sorted().distinct().toList(), recorded.revisions());
    assertEquals(null, recorded.failure());
  }

  @Test
  void whatIsDeletedAndWhatNeverWasIsRaised() {
    try (Stream<TaskResult> states = client.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      watched.next();
      client.delete(id, null, false);
      assertThrows(TaskResultsException.DoesNotExist.class, watched::next);
      assertFalse(watched.hasNext());
    }
    assertThrows(
        TaskResultsException.DoesNotExist.class, () -> client.watch("nobody").findFirst());
  }

  @Test
  void whatOpeningAgainCannotMendIsRaised() {
    var failure = assertThrows(
        TaskResultsException.InvalidField.class,
        () -> client.watch("x".repeat(65)).findFirst());
    assertTrue(failure.fields().get(0).contains("id"), failure.fields().toString());
  }

  @Test
  void aSubscriberThatAsksForNothingIsToldSo() throws InterruptedException {
    Recorded recorded = new Recorded();
    client.async().watch(id).subscribe(recorded);
    recorded.request(0);
    Until.until("the failure", recorded::isOver);
    assertInstanceOf(IllegalArgumentException.class, recorded.failure());
  }

  @Test
  void closingTheStreamEndsAWaitForTheNextState() throws InterruptedException {
    Stream<TaskResult> states = client.watch(id);
    Iterator<TaskResult> watched = states.iterator();
    watched.next();
    Thread reader = new Thread(() -> assertFalse(watched.hasNext()));
    reader.start();
    Until.until("the reader waits", () -> reader.getState() == Thread.State.WAITING);
    states.close();
    reader.join();
  }

  @Test
  void anIteratorThatBeginsAfterCloseOpensNoStream() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults counted = TaskResults.connect(relay.address())) {
      Stream<TaskResult> states = counted.watch(id);
      Iterator<TaskResult> watched = states.iterator();
      states.close();
      assertFalse(watched.hasNext());
      counted.get(id); // sent after anything else would have been
      assertEquals(0, relay.calls("WatchTaskResults"));
    }
  }

  @Test
  void itOutlivesItsMaximumAge() {
    try (Server server = Server.with(Map.of(), "--watch-max-age", "1s");
        TaskResults client = TaskResults.connect(server.address())) {
      String id = client.create(NewTask.of("app.tasks.add").maxAttempts(1_000)).id();
      try (Stream<TaskResult> states = client.watch(id)) {
        Iterator<TaskResult> watched = states.iterator();
        long revision = watched.next().revision();
        long end = System.nanoTime() + Duration.ofMillis(2_500).toNanos(); // at least two streams
        for (int attempt = 1; attempt < 1_000 && System.nanoTime() < end; attempt++) {
          client.startAttempt(id, "w1", null);
          client.failForRetry(id, attempt, TaskError.of("E", "m", ""));
          while (revision < 1 + 2 * attempt) {
            long next = watched.next().revision();
            assertTrue(next > revision, next + " after " + revision);
            revision = next;
          }
        }
        client.failTask(id, null);
        assertTrue(watched.next().isFinished());
        assertFalse(watched.hasNext());
      }
    }
  }

  @Test
  void aStreamThatIsSilentForThreeHeartbeatsIsOpenedAgainOnAnotherLink() throws Exception {
    try (Link link = Link.to(Server.shared().port());
        TaskResults far =
            TaskResults.builder(link.address()).heartbeat(Duration.ofSeconds(1)).build();
        Stream<TaskResult> states = far.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      assertEquals(1, watched.next().revision());
      link.cut();
      client.startAttempt(id, "w1", null);
      // gRPC itself would notice after 40 s.
      assertTimeout(Duration.ofSeconds(25), () -> assertEquals(2, watched.next().revision()));
      assertEquals(2, link.connections());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void whatWasDeletedAndCreatedAnewMeanwhileIsGone(int attempts) throws Exception {
    client.startAttempt(id, "w1", null);
    client.failForRetry(id, 1, TaskError.of("E", "m", ""));
    try (Link link = Link.to(Server.shared().port());
        TaskResults far =
            TaskResults.builder(link.address()).heartbeat(Duration.ofSeconds(1)).build();
        Stream<TaskResult> states = far.watch(id)) {
      Iterator<TaskResult> watched = states.iterator();
      assertEquals(3, watched.next().revision());
      link.cut();
      client.delete(id, null, false);
      client.create(NewTask.of("app.tasks.add").id(id));
      // At an older revision than the known one, at the same, and at a newer one.
      for (int attempt = 1; attempt <= attempts; attempt++) {
        client.startAttempt(id, "w1", null);
        client.failForRetry(id, attempt, TaskError.of("E", "m", ""));
      }
      assertThrows(TaskResultsException.DoesNotExist.class, watched::next);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWatchOfWhatIsCreatedAnewAtOnceLeavesNoStream(boolean isFinished) throws Exception {
    try (Server server = Server.with(Map.of(), "--max-watches", "3");
        TaskResults watcher = TaskResults.connect(server.address());
        TaskResults worker = TaskResults.connect(server.address())) {
      for (int i = 0; i < 20; i++) {
        String id = worker.create(NewTask.of("app.tasks.add")).id();
        Recorded recorded = new Recorded();
        watcher.async().watch(id).subscribe(recorded);
        recorded.request(Long.MAX_VALUE);
        Until.until("a stream among those allowed", () -> !recorded.revisions().isEmpty());
        // Not one after another: the server is to find all of it done.
        var finished = isFinished ? worker.async().failTask(id, null) : null;
        var deleted = worker.async().delete(id, null, true);
        createAnew(worker, id);
        deleted.join();
        if (isFinished) finished.handle((state, thrown) -> state).join();
        Until.until("the end", recorded::isOver);
      }
    }
  }

  private static void createAnew(TaskResults worker, String id) throws InterruptedException {
    Until.until("it is created anew", () -> {
      try {
        worker.create(NewTask.of("app.tasks.other").id(id));
        return true;
      } catch (TaskResultsException.Exists notDeletedYet) {
        return false;
      }
    });
  }
}
