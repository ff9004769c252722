package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class RunTest {
  private static final Duration SHORT = Duration.ofSeconds(3);
  private static final RunOptions SHORT_LEASE = RunOptions.defaults().lease(SHORT);

  @AutoClose
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  private final NewTask task = NewTask.of("app.tasks.add").args(1, 2);

  @Test
  void itReportsWhatTheFunctionReturned() {
    TaskResult result = client.run(task, "w1", attempt -> {
      assertEquals(1, attempt.number());
      assertEquals("w1", attempt.workerId());
      assertEquals(
          TaskResultStatus.RUNNING, client.get(attempt.taskResult().id()).status());
      List<Object> args = attempt.taskResult().args();
      return (Integer) args.get(0) + (Integer) args.get(1);
    });
    assertEquals(3, result.returnValue());
    assertEquals(List.of("w1"), client.get(result.id()).workerIds());
  }

  @Test
  void aResultThatExistsIsRefreshed() {
    TaskResult result = client.create(task);
    assertSame(result, client.run(result, "w1", SHORT_LEASE, attempt -> null));
    assertEquals(TaskResultStatus.SUCCESSFUL, result.status());
  }

  @Test
  void anExceptionIsReportedAndPassedOn() {
    TaskResult result = client.create(task);
    IOException thrown = new IOException("the disk is full", new IllegalStateException("cause"));
    IOException passedOn = assertThrows(
        IOException.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          throw thrown;
        }));
    assertSame(thrown, passedOn);
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
    TaskError error = result.errors().get(0);
    assertEquals("java.io.IOException", error.exceptionClassPath());
    assertEquals("the disk is full", error.message());
    assertTrue(error.traceback().contains("RunTest"), error.traceback());
    assertTrue(
        error.traceback().contains("Caused by: java.lang.IllegalStateException: cause"),
        error.traceback());
  }

  @Test
  void anInterruptFromElsewhereIsAFailureLikeAnyOther() {
    TaskResult result = client.create(task);
    assertThrows(
        IllegalStateException.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          Thread.currentThread().interrupt();
          throw new IllegalStateException("interrupted");
        }));
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
  }

  @Test
  void whatCannotBeKeptIsAFailureThatSaysSo() {
    TaskResult large = client.create(task);
    assertThrows(
        TaskResultsException.PayloadTooLarge.class,
        () -> client.run(large, "w1", SHORT_LEASE, attempt -> "x".repeat(1_100_000)));
    assertTrue(
        large.refresh().errors().get(0).message().startsWith("the return value cannot be kept"));

    TaskResult larger = client.create(task);
    assertThrows(
        TaskResultsException.class,
        () -> client.run(larger, "w1", SHORT_LEASE, attempt -> "x".repeat(9_000_000)));
    assertEquals(TaskResultStatus.FAILED, larger.refresh().status());

    TaskResult noJson = client.create(task);
    assertThrows(
        TaskResultsException.NotEncodable.class,
        () -> client.run(noJson, "w1", SHORT_LEASE, attempt -> Double.NaN));
    assertEquals(TaskResultStatus.FAILED, noJson.refresh().status());
  }

  @Test
  void theLeaseIsRenewedForAsLongAsItTakes() throws InterruptedException {
    TaskResult result = client.create(task);
    Duration lease = Duration.ofSeconds(15); // a busy machine renews it in time
    client.run(result, "w1", RunOptions.defaults().lease(lease), attempt -> {
      // For longer than a lease nobody else can take the task.
      long end = System.nanoTime() + lease.plusSeconds(3).toNanos();
      while (System.nanoTime() < end) {
        assertThrows(
            TaskResultsException.AttemptInProgress.class,
            () -> client.startAttempt(result.id(), "w2", null));
        Thread.sleep(50); // the machine has other things to do
      }
      return null;
    });
    assertEquals(List.of("w1"), result.workerIds());
  }

  @Test
  void aLostAttemptIsInterruptedAndTheLossIsRaised() {
    TaskResult result = client.create(task);
    var failure = assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          assertFalse(attempt.isLost());
          client.takeOver(result.id(), "w2", null);
          assertThrows(
              InterruptedException.class, () -> new CountDownLatch(1).await(20, TimeUnit.SECONDS));
          assertTrue(attempt.isLost());
          return "too late";
        }));
    assertEquals("STALE_ATTEMPT", failure.reason());
    assertEquals(
        List.of(), List.of(failure.getSuppressed()), "nothing else went wrong in the function");
    assertEquals(TaskResultStatus.RUNNING, result.refresh().status());
    assertEquals(List.of("w1", "w2"), result.workerIds());
  }

  @Test
  void anInterruptThatTellsOfTheLossIsNotForTheCaller() {
    TaskResult result = client.create(task);
    assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          client.takeOver(result.id(), "w2", null);
          while (!attempt.isLost()) Thread.onSpinWait();
          return "too late";
        }));
    assertFalse(Thread.interrupted());
  }

  @Test
  void aLossThatIsNoticedOnlyInTheEndIsRaisedToo() {
    TaskResult result = client.create(task);
    var failure = assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(
            result, "w1", RunOptions.defaults().lease(Duration.ofMinutes(1)), attempt -> {
              client.takeOver(result.id(), "w2", null);
              throw new IOException("failed meanwhile");
            }));
    assertEquals("failed meanwhile", failure.getSuppressed()[0].getMessage());
  }

  @Test
  void anAttemptAtAResultCreatedAnewIsALossToo() {
    TaskResult result = client.create(task);
    assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", attempt -> {
          client.delete(result.id(), null, false);
          client.create(NewTask.of("app.tasks.other").id(result.id()));
          client.startAttempt(result.id(), "w2", null);
          return "of the old one";
        }));
    assertEquals(TaskResultStatus.RUNNING, client.get(result.id()).status());
  }

  @Test
  void aResultCreatedAnewIsNotRunInPlaceOfTheOneThatWasMeant() {
    TaskResult result = client.create(task);
    client.delete(result.id(), null, false);
    TaskResult anew = client.create(NewTask.of("app.tasks.other").id(result.id()));
    assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", attempt -> fail("it is not to be run")));
    assertEquals(TaskResultStatus.READY, anew.refresh().status());
    assertEquals(1, client.run(anew, "w1", attempt -> 1).returnValue());
  }

  @Test
  void aDeletedResultIsALossToo() {
    TaskResult result = client.create(task);
    var failure = assertThrows(
        TaskResultsException.DoesNotExist.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          client.delete(result.id(), null, false);
          throw new IllegalStateException("nobody wants it");
        }));
    assertEquals("nobody wants it", failure.getSuppressed()[0].getMessage());
  }

  @Test
  void aChoiceOfReportsHidesNoLoss() {
    RunOptions options = SHORT_LEASE.report(thrown -> !(thrown instanceof InterruptedException));
    TaskResult result = client.create(task);
    var failure = assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", options, attempt -> {
          client.takeOver(result.id(), "w2", null);
          return new CountDownLatch(1).await(20, TimeUnit.SECONDS);
        }));
    assertInstanceOf(InterruptedException.class, failure.getSuppressed()[0]);
  }

  @Test
  void anInterruptFromElsewhereOutlivesALoss() {
    TaskResult result = client.create(task);
    assertThrows(
        TaskResultsException.StaleAttempt.class,
        () -> client.run(result, "w1", SHORT_LEASE, attempt -> {
          client.takeOver(result.id(), "w2", null);
          Thread.currentThread().interrupt();
          while (!attempt.isLost()) Thread.onSpinWait();
          return "too late";
        }));
    assertTrue(Thread.interrupted());
  }
}
