package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeadlineTest {
  private static final Duration MAX = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
  private static final Duration MIN = Duration.ofSeconds(Long.MIN_VALUE);

  private final NewTask task = NewTask.of("app.tasks.add");

  @AutoClose
  private Relay relay;

  @BeforeEach
  void open() throws Exception {
    relay = new Relay(Server.shared());
  }

  static Stream<Duration> longOnes() {
    return Stream.of(
        Duration.ofDays(24), Duration.ofDays(30), Duration.ofNanos(Long.MAX_VALUE), MAX);
  }

  @ParameterizedTest
  @MethodSource("longOnes")
  void aLongDeadlineIsTakenAtItsWord(Duration deadline) {
    try (TaskResults client = client(deadline)) {
      for (int i = 0; i < 20; i++) {
        TaskResult result = client.create(task);
        client.failTask(result.id(), null);
        assertEquals(
            TaskResultStatus.FAILED, client.waitFor(result.id(), deadline).status());
        assertEquals(TaskResultStatus.FAILED, result.refresh().status());
      }
      long mostSeconds = Duration.ofDays(24).toSeconds();
      for (String method : List.of("CreateTaskResult", "WaitTaskResult", "RefreshTaskResult")) {
        for (long seconds : relay.secondsLeft(method)) {
          assertTrue(seconds >= 29 && seconds <= mostSeconds, method + ": " + seconds + " s");
        }
      }
    }
  }

  @Test
  void withoutAnyTimeNothingIsSent() {
    for (Duration deadline : List.of(Duration.ZERO, Duration.ofSeconds(-1), MIN)) {
      try (TaskResults client = client(deadline)) {
        var failure = assertThrows(TaskResultsException.class, () -> client.create(task));
        assertEquals("DEADLINE_EXCEEDED", failure.reason());
      }
    }
    assertEquals(0, relay.calls("CreateTaskResult"));
  }

  @Test
  void aWaitWithoutAnyTimeAsksOnce() {
    try (TaskResults client = client(Duration.ofSeconds(30))) {
      String id = client.create(task).id();
      for (Duration timeout : List.of(Duration.ZERO, Duration.ofSeconds(-1), MIN)) {
        assertThrows(TaskResultsException.WaitTimedOut.class, () -> client.waitFor(id, timeout));
      }
      assertEquals(3, relay.calls("WaitTaskResult"));
    }
  }

  @Test
  void aHeartbeatOrALeaseBeyondAllBoundsIsRefusedByTheServer() {
    try (TaskResults client =
        TaskResults.builder(relay.address()).heartbeat(MAX).build()) {
      String id = client.create(task).id();
      assertThrows(
          TaskResultsException.InvalidField.class, () -> client.watch(id).findFirst());
      assertThrows(
          TaskResultsException.InvalidField.class, () -> client.startAttempt(id, "w1", MAX));
    }
  }

  private TaskResults client(Duration deadline) {
    return TaskResults.builder(relay.address()).deadline(deadline).build();
  }
}
