package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class PausesTest {
  private static final Failure AWAY = new Failure(Status.Code.UNAVAILABLE, "away");
  private static final Failure FULL =
      new Failure("LIMIT_REACHED", Status.Code.RESOURCE_EXHAUSTED, "full");

  private final Pauses pauses = new Pauses();

  @Test
  void theyGrowWithJitter() {
    for (int longest : List.of(100, 200, 400, 800, 1_600, 2_000, 2_000)) {
      assertUpTo(longest, pauses.next(AWAY));
    }
    assertUpTo(2_000, pauses.next());
  }

  @Test
  void thoseAtALimitAreLongerAndGrowByThemselves() {
    assertUpTo(100, pauses.next(AWAY));
    for (int longest : List.of(1_000, 2_000, 4_000, 8_000, 10_000, 10_000)) {
      assertUpTo(longest, pauses.next(FULL));
    }
    assertUpTo(200, pauses.next());
    pauses.reset();
    assertUpTo(100, pauses.next(AWAY));
    assertUpTo(1_000, pauses.next(FULL));
  }

  @Test
  void noneIsShorterThanTheServerAsksFor() {
    Duration asked = Duration.ofSeconds(30);
    Failure.Origin origin = Failure.Origin.SERVICE;
    Status.Code code = Status.Code.UNAVAILABLE;
    Failure asking = new Failure("SHUTTING_DOWN", code, "bye", origin, List.of(), asked, null);
    assertEquals(asked, pauses.next(asking));
  }

  private static void assertUpTo(long millis, Duration pause) {
    assertTrue(
        pause.toMillis() >= millis / 2 && pause.toMillis() <= millis,
        pause + ", not up to " + millis);
  }
}
