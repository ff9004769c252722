package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for a condition that nothing announces. */
final class Until {
  private static final Duration LONGEST = Duration.ofSeconds(120);

  private Until() {}

  static void until(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) fail("never came true: " + what);
      Thread.sleep(5);
    }
  }
}
