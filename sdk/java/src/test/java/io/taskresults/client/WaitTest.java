package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class WaitTest {
  @AutoClose
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  private final String id = client.create(NewTask.of("app.tasks.add")).id();

  @Test
  void itEndsWhenTheResultIsFinished() throws Exception {
    CompletableFuture<TaskResult> waiting = client.async().waitFor(id);
    client.startAttempt(id, "w1", null);
    assertTrue(!waiting.isDone());
    client.succeed(id, 1, 3);
    assertEquals(3, waiting.get().returnValue());
    assertEquals(3, client.waitFor(id, Duration.ZERO).returnValue());
  }

  @Test
  void itSaysThatItTookTooLong() {
    var failure = assertThrows(
        TaskResultsException.WaitTimedOut.class, () -> client.waitFor(id, Duration.ofMillis(150)));
    assertEquals("WAIT_TIMED_OUT", failure.reason());
    assertThrows(TaskResultsException.WaitTimedOut.class, () -> client.waitFor(id, Duration.ZERO));
    assertThrows(
        TaskResultsException.WaitTimedOut.class, () -> client.waitFor(id, Duration.ofNanos(1)));
  }

  @Test
  void itSaysSoToAServerThatIsAway() throws Exception {
    try (TaskResults nowhere = TaskResults.connect("127.0.0.1:1")) {
      assertThrows(
          TaskResultsException.WaitTimedOut.class,
          () -> nowhere.waitFor(id, Duration.ofMillis(300)));
    }
  }

  @Test
  void itEndsWhenTheResultIsDeleted() {
    CompletableFuture<TaskResult> waiting = client.async().waitFor(id, Duration.ofSeconds(30));
    client.delete(id, null, false);
    var failure = assertThrows(ExecutionException.class, waiting::get);
    assertEquals(TaskResultsException.DoesNotExist.class, failure.getCause().getClass());
  }

  @Test
  void anInterruptEndsItAndIsKept() {
    Thread.currentThread().interrupt();
    var failure = assertThrows(TaskResultsException.class, () -> client.waitFor(id));
    assertEquals("CANCELLED", failure.reason());
    assertTrue(Thread.interrupted());
  }

  @Test
  void aServerThatIsSilentHoldsItUpForAMomentOnly() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults patient = TaskResults.builder(relay.address())
            .deadline(Duration.ofMinutes(10))
            .build()) {
      relay.at("WaitTaskResult", number -> Relay.Gate.KEEP);
      assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> assertThrows(
              TaskResultsException.WaitTimedOut.class,
              () -> patient.waitFor(id, Duration.ofSeconds(1))));
    }
  }
}
