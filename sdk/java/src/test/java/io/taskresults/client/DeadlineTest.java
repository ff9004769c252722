package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
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
      long maxSeconds = Duration.ofDays(24).toSeconds();
      for (String method : List.of("CreateTaskResult", "WaitTaskResult", "RefreshTaskResult")) {
        for (long seconds : relay.secondsLeft(method)) {
          assertTrue(seconds >= 29 && seconds <= maxSeconds, method + ": " + seconds + " s");
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
  void aHeartbeatThatNoServerGivesIsRefused() {
    TaskResultsBuilder builder = TaskResults.builder(relay.address());
    for (Duration interval : List.of(
        MIN,
        Duration.ofSeconds(-1),
        Duration.ZERO,
        Duration.ofMillis(999),
        Duration.ofMillis(60_001),
        MAX)) {
      var failure =
          assertThrows(TaskResultsException.InvalidField.class, () -> builder.heartbeat(interval));
      assertEquals(List.of("heartbeat"), failure.fields());
    }
    builder
        .heartbeat(Duration.ofSeconds(1))
        .heartbeat(Duration.ofSeconds(60))
        .build()
        .close();
  }

  @Test
  void aLeaseBeyondAllBoundsIsRefusedByTheServer() {
    try (TaskResults client = client(Duration.ofSeconds(30))) {
      String id = client.create(task).id();
      assertThrows(
          TaskResultsException.InvalidField.class, () -> client.startAttempt(id, "w1", MAX));
    }
  }

  @Test
  void aLastTryIsMadeWhenThePauseWouldOutlastTheDeadline() {
    relay.at("CreateTaskResult", number -> Status.UNAVAILABLE);
    try (TaskResults client = client(Duration.ofSeconds(3))) {
      assertThrows(TaskResultsException.class, () -> client.create(task));
    }
    List<Long> seconds = relay.secondsLeft("CreateTaskResult");
    assertEquals(0, seconds.get(seconds.size() - 1), "the last try is one of the last second");
  }

  private TaskResults client(Duration deadline) {
    return TaskResults.builder(relay.address()).deadline(deadline).build();
  }
}
