package io.taskresults.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** An outcome that a worker has reaches the server. */
class ReportTest {
  private static final RunOptions LEASE = lease(60);
  private static final int KIB = 1_024;

  private final NewTask task = NewTask.of("app.tasks.add").args(1, 2);

  @AutoClose
  private Relay relay;

  @AutoClose
  private TaskResults client;

  @AutoClose
  private final TaskResults direct = TaskResults.connect(Server.shared().address());

  @BeforeEach
  void open() throws Exception {
    relay = new Relay(Server.shared());
    client = TaskResults.connect(relay.address());
  }

  @Test
  void anInterruptAtTheEndOfTheFunctionHoldsUpNoReport() {
    for (int i = 0; i < 10; i++) {
      TaskResult result = client.run(task, "w1", attempt -> {
        Thread.currentThread().interrupt();
        return 5;
      });
      assertTrue(Thread.interrupted(), "the interrupt is kept");
      assertEquals(5, result.returnValue());
      assertEquals(5, direct.get(result.id()).returnValue());
    }
  }

  @Test
  void aPoolThatIsShutDownMeanwhileHoldsUpNoReport() throws Exception {
    for (int i = 0; i < 10; i++) {
      ExecutorService pool = Executors.newSingleThreadExecutor();
      CountDownLatch ending = new CountDownLatch(1);
      Future<TaskResult> running = pool.submit(() -> {
        TaskResult result = client.run(task, "w1", attempt -> {
          ending.countDown();
          return 5;
        });
        assertTrue(Thread.currentThread().isInterrupted(), "the interrupt is kept");
        return result;
      });
      relay.at("FinishAttempt", number -> {
        pool.shutdownNow();
        return Relay.Gate.PASS;
      });
      ending.await();
      assertEquals(5, direct.get(running.get().id()).returnValue());
    }
  }

  @Test
  void aValueIsReportedOnceTheServerIsBack() throws Exception {
    try (Server server = Server.with(Map.of());
        TaskResults impatient = TaskResults.builder(server.address())
            .deadline(Duration.ofSeconds(2))
            .build()) {
      TaskResult result = create(impatient);
      CountDownLatch away = new CountDownLatch(1);
      CompletableFuture<TaskResult> running =
          CompletableFuture.supplyAsync(() -> impatient.run(result, "w1", LEASE, attempt -> {
            server.kill();
            away.countDown();
            return 5;
          }));
      away.await();
      // For longer than several calls take, one after another.
      for (int i = 0; i < 3; i++) {
        assertThrows(TaskResultsException.class, () -> impatient.get(result.id()));
      }
      assertFalse(running.isDone());
      server.start();
      assertEquals(5, running.get().returnValue());
    }
  }

  @Test
  void aReportThatIsNeverAnsweredIsSentAgain() {
    try (TaskResults impatient =
        TaskResults.builder(relay.address()).deadline(Duration.ofSeconds(2)).build()) {
      relay.at("FinishAttempt", number -> number == 1 ? Relay.Gate.KEEP : Relay.Gate.PASS);
      assertEquals(
          5, impatient.run(create(impatient), "w1", LEASE, attempt -> 5).returnValue());
      assertEquals(2, relay.calls("FinishAttempt"));
    }
  }

  @Test
  void theLeaseIsRenewedWhileTheOutcomeIsReported() {
    TaskResult result = create(client);
    relay.at(
        "FinishAttempt",
        number -> relay.calls("RenewLease") < 1 ? Status.UNAVAILABLE : Relay.Gate.PASS);
    assertEquals(5, client.run(result, "w1", lease(9), attempt -> 5).returnValue());
    assertEquals(List.of("w1"), result.workerIds());
  }

  @Test
  void aRenewalThatIsStuckHidesNoLoss() {
    try (TaskResults patient = patientClient()) {
      relay.at("RenewLease", number -> number == 1 ? Relay.Gate.KEEP : Relay.Gate.PASS);
      TaskResult result = create(patient);
      assertThrows(
          TaskResultsException.StaleAttempt.class,
          () -> patient.run(result, "w1", lease(3), attempt -> {
            direct.takeOver(result.id(), "w2", null);
            new CountDownLatch(1).await(40, TimeUnit.SECONDS);
            return "too late";
          }));
      assertTrue(relay.calls("RenewLease") >= 2);
    }
  }

  @Test
  void aValueIsReturnedThoughItCannotBeReadAgain() {
    relay.at("RefreshTaskResult", number -> Status.PERMISSION_DENIED);
    TaskResult result = client.run(task, "w1", attempt -> List.of(5, "six"));
    assertEquals(TaskResultStatus.SUCCESSFUL, result.status());
    assertEquals(List.of(5, "six"), result.returnValue());
    assertSameState(direct.get(result.id()), result);
  }

  @Test
  void aValueIsReturnedThoughTheResultIsDeletedAtOnce() {
    relay.at("RefreshTaskResult", number -> {
      direct
          .list(TaskResultFilter.all().taskPath("app.tasks.deleted"))
          .forEach(result -> direct.delete(result.id(), null, true));
      return Relay.Gate.PASS;
    });
    assertEquals(
        5, client.run(NewTask.of("app.tasks.deleted"), "w1", attempt -> 5).returnValue());
  }

  @Test
  void anAttemptOfManyLeavesTheResultAsItIsRead() {
    TaskResult result = create(client);
    direct.startAttempt(result.id(), "w1", null);
    direct.failForRetry(result.id(), 1, TaskError.of("app.Failure", "no answer", "line 1"));
    assertEquals(5, client.run(result, "w2", LEASE, attempt -> 5).returnValue());
    assertSameState(direct.get(result.id()), result);
    TaskResult known = create(client);
    direct.startAttempt(known.id(), "w1", null);
    direct.failForRetry(known.id(), 1, TaskError.of("app.Failure", "no answer", "line 1"));
    known.refresh();
    assertEquals(5, client.run(known, "w2", LEASE, attempt -> 5).returnValue());
    assertSameState(direct.get(known.id()), known);
  }

  @Test
  void aTextOf5MiBIsCutAndMarked() {
    IllegalStateException thrown = new IllegalStateException("é".repeat(5 * KIB * KIB / 2));
    TaskError error = failureOf(thrown);
    assertEquals("java.lang.IllegalStateException", error.exceptionClassPath());
    assertCut(error.message(), 64 * KIB, 5 * KIB * KIB);
    assertCut(error.traceback(), 256 * KIB, 5 * KIB * KIB);
  }

  private static void assertCut(String text, int most, int atLeast) {
    byte[] bytes = text.getBytes(UTF_8);
    assertTrue(bytes.length <= most && bytes.length > most - 100, bytes.length + " bytes");
    String[] parts = text.split("\n\\[cut: ");
    assertEquals(2, parts.length, "one marker, on a line of its own");
    long more = Long.parseLong(parts[1].replace(" more bytes]", ""));
    int kept = parts[0].getBytes(UTF_8).length;
    assertTrue(kept + more >= atLeast, kept + " and " + more);
    assertFalse(text.contains("?"), "cut at a code point");
  }

  /** An exception whose methods throw. */
  private static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final String method;

    Broken(String method) {
      super("broken");
      this.method = method;
    }

    private void breakIn(String name) {
      if (method.equals(name) || method.equals("all")) throw new IllegalStateException(name);
    }

    @Override
    public String getMessage() {
      breakIn("getMessage");
      return super.getMessage();
    }

    @Override
    public String toString() {
      breakIn("toString");
      return super.toString();
    }

    @Override
    public void printStackTrace(PrintWriter writer) {
      breakIn("printStackTrace");
      super.printStackTrace(writer);
    }

    @Override
    public void printStackTrace(PrintStream stream) {
      breakIn("printStackTrace");
      super.printStackTrace(stream);
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      breakIn("getStackTrace");
      return super.getStackTrace();
    }

    @Override
    public synchronized Throwable getCause() {
      breakIn("getCause");
      return super.getCause();
    }
  }

  static Stream<String> methods() {
    return Stream.of(
        "getMessage", "toString", "printStackTrace", "getStackTrace", "getCause", "all");
  }

  @ParameterizedTest
  @MethodSource("methods")
  void anExceptionWhoseMethodsThrowIsAFailureOfItsClass(String method) {
    TaskError error = failureOf(new Broken(method));
    assertEquals(Broken.class.getName(), error.exceptionClassPath());
    assertTrue(error.traceback().contains(Broken.class.getName()), error.traceback());
  }

  @Test
  void aChainOf20000CausesIsAFailureOfItsClass() {
    RuntimeException chain = new IllegalStateException("the first");
    for (int i = 0; i < 20_000; i++) chain = new IllegalStateException("because", chain);
    TaskError error = failureOf(chain);
    assertEquals("java.lang.IllegalStateException", error.exceptionClassPath());
    assertEquals("because", error.message());
    assertTrue(error.traceback().contains("Caused by: java.lang.IllegalStateException"));
  }

  @Test
  void halfACharacterInATextIsNoHindrance() {
    assertEquals("a\\ud83d b", failureOf(new IllegalStateException("a\ud83d b")).message());
  }

  @Test
  void closingTheClientEndsAReport() {
    TaskResult result = create(client);
    relay.at("FinishAttempt", number -> {
      client.close();
      return Relay.Gate.KEEP;
    });
    var failure = assertThrows(
        TaskResultsException.class, () -> client.run(result, "w1", LEASE, attempt -> 5));
    assertEquals("CANCELLED", failure.reason());
  }

  @Test
  void aReportThatIsRefusedIsMadeInFewerWords() {
    Status tooLarge =
        Status.RESOURCE_EXHAUSTED.withDescription("Received message larger than max (9 vs 8)");
    relay.at("FinishAttempt", number -> number == 1 ? tooLarge : Relay.Gate.PASS);
    TaskError error = failureOf(new IllegalStateException("no answer"));
    assertEquals("java.lang.IllegalStateException", error.exceptionClassPath());
    assertEquals("no answer", error.message());
    assertEquals("", error.traceback());
  }

  @Test
  void aReportOutlivesWhateverMayPass() {
    List<Status> passing = List.of(Status.UNAVAILABLE, Status.INTERNAL, Status.UNKNOWN);
    relay.at("FinishAttempt", number -> number <= 3 ? passing.get(number - 1) : Relay.Gate.PASS);
    assertEquals("no answer", failureOf(new IllegalStateException("no answer")).message());
  }

  @Test
  void aValueThatCouldNotBeReportedIsNoFailureOfTheTask() {
    relay.at("FinishAttempt", number -> Status.PERMISSION_DENIED);
    TaskResult result = create(client);
    assertThrows(
        TaskResultsException.class, () -> client.run(result, "w1", lease(6), attempt -> 5));
    assertTrue(relay.calls("FinishAttempt") > 1);
    assertEquals(TaskResultStatus.RUNNING, result.refresh().status());
  }

  @Test
  void aValueIsNoFailureBecauseOfWhatWasSaidOnTheWay() {
    List<Status> said = List.of(
        Status.UNIMPLEMENTED,
        Status.UNAUTHENTICATED,
        Status.PERMISSION_DENIED,
        Status.RESOURCE_EXHAUSTED,
        Status.INVALID_ARGUMENT,
        Status.ABORTED);
    relay.at(
        "FinishAttempt", number -> number <= said.size() ? said.get(number - 1) : Relay.Gate.PASS);
    TaskResult result = create(client);
    client.run(result, "w1", RunOptions.defaults().lease(Duration.ofSeconds(60)), attempt -> 5);
    assertEquals(TaskResultStatus.SUCCESSFUL, result.refresh().status());
  }

  /** A supplier that would be a bean, too. */
  static final class Later implements Supplier<Integer> {
    /** Jackson asks for it. */
    public int getDelay() {
      return 1;
    }

    @Override
    public Integer get() {
      return 5;
    }
  }

  @Test
  void aValueThatCannotBeEncodedIsAFailure() {
    CompletableFuture<Object> pending = new CompletableFuture<>();
    List<Object> values = List.of(
        pending,
        CompletableFuture.completedFuture(5),
        pending.minimalCompletionStage(),
        new FutureTask<>(() -> 5),
        (Supplier<Integer>) () -> 5,
        (Runnable) () -> {},
        Thread.currentThread(),
        new WeakReference<>(5),
        new Later(),
        new IllegalStateException("returned instead of thrown"),
        direct.create(task),
        direct,
        new ReentrantLock(),
        new CountDownLatch(1),
        ForkJoinPool.commonPool(),
        direct.async().watch("x"));
    for (Object value : values) {
      for (Object returned : List.of(value, List.of(value), Map.of("a", value))) {
        TaskResult result = create(client);
        assertThrows(
            TaskResultsException.NotEncodable.class,
            () -> client.run(result, "w1", LEASE, attempt -> returned));
        assertEquals(TaskResultStatus.FAILED, result.refresh().status(), value.toString());
        TaskError error = result.errors().get(0);
        assertTrue(error.message().startsWith("the return value cannot be kept"), error.message());
      }
    }
  }

  /** A value whose getter fails. */
  static final class Unlinked {
    /** Jackson asks for it. */
    public int getValue() {
      throw new NoClassDefFoundError("app/Missing");
    }
  }

  @Test
  void aValueWhoseEncodingEndsWithAnErrorIsAFailure() {
    TaskResult result = create(client);
    assertThrows(
        NoClassDefFoundError.class,
        () -> client.run(result, "w1", LEASE, attempt -> new Unlinked()));
    assertEquals(
        "java.lang.NoClassDefFoundError", result.refresh().errors().get(0).exceptionClassPath());
  }

  @Test
  void theCallerChoosesWhatIsReported() {
    RunOptions options = LEASE.report(thrown -> !(thrown instanceof Error));
    TaskResult result = create(client);
    AssertionError passedOn = assertThrows(
        AssertionError.class,
        () -> client.run(result, "w1", options, attempt -> {
          throw new AssertionError("the worker is broken");
        }));
    assertEquals("the worker is broken", passedOn.getMessage());
    assertEquals(TaskResultStatus.RUNNING, result.refresh().status());
    TaskResult other = create(client);
    assertThrows(
        IllegalStateException.class,
        () -> client.run(other, "w1", options, attempt -> {
          throw new IllegalStateException("the task is broken");
        }));
    assertEquals(TaskResultStatus.FAILED, other.refresh().status());
  }

  @Test
  void aChoiceThatThrowsLosesNoOutcome() {
    RunOptions options = LEASE.report(thrown -> {
      throw new IllegalArgumentException("no choice");
    });
    TaskResult result = create(client);
    var passedOn = assertThrows(
        IllegalStateException.class,
        () -> client.run(result, "w1", options, attempt -> {
          throw new IllegalStateException("the task is broken");
        }));
    assertEquals("no choice", passedOn.getSuppressed()[0].getMessage());
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
  }

  @Test
  void theCallerChoosesWhatIsWorthAnotherAttempt() {
    RunOptions options = LEASE.retry(thrown -> thrown.getMessage().equals("no answer"));
    TaskResult result = create(client);
    run(result, options, new IllegalStateException("no answer"));
    assertEquals(TaskResultStatus.READY, result.refresh().status());
    assertEquals("no answer", result.errors().get(0).message());
    run(result, options, new IllegalStateException("the disk is full"));
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
    TaskResult left = create(client);
    run(left, options.report(thrown -> false), new IllegalStateException("no answer"));
    assertEquals(TaskResultStatus.RUNNING, left.refresh().status());
  }

  @Test
  void aChoiceOfRetriesThatThrowsMakesNoOtherAttempt() {
    RunOptions options = LEASE.retry(thrown -> {
      throw new IllegalArgumentException("no choice");
    });
    TaskResult result = create(client);
    IllegalStateException thrown = new IllegalStateException("no answer");
    run(result, options, thrown);
    assertEquals("no choice", thrown.getSuppressed()[0].getMessage());
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
  }

  @Test
  void aValueThatCannotBeKeptIsNotWorthAnotherAttempt() {
    TaskResult result = create(client);
    assertThrows(
        TaskResultsException.NotEncodable.class,
        () -> client.run(result, "w1", LEASE.retry(thrown -> true), attempt -> Double.NaN));
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
  }

  @Test
  void aLeaseIsAMinuteUnlessGiven() {
    assertEquals(Duration.ofMinutes(1), RunOptions.defaults().lease());
  }

  private void run(TaskResult result, RunOptions options, RuntimeException thrown) {
    RuntimeException passedOn = assertThrows(
        RuntimeException.class,
        () -> client.run(result, "w1", options, attempt -> {
          throw thrown;
        }));
    assertSame(thrown, passedOn);
  }

  private static int endless(int depth) {
    return 1 + endless(depth + 1);
  }

  @Test
  void anErrorOfTheRuntimeIsAFailureLikeAnyOther() {
    TaskResult deep = create(client);
    assertThrows(
        StackOverflowError.class, () -> client.run(deep, "w1", LEASE, attempt -> endless(0)));
    assertEquals(
        "java.lang.StackOverflowError", deep.refresh().errors().get(0).exceptionClassPath());
    TaskResult large = create(client);
    assertThrows(
        OutOfMemoryError.class,
        () -> client.run(
            large,
            "w1",
            LEASE,
            attempt -> IntStream.range(0, Integer.MAX_VALUE)
                .mapToObj(i -> new long[Integer.MAX_VALUE])
                .toList()));
    assertEquals(
        "java.lang.OutOfMemoryError", large.refresh().errors().get(0).exceptionClassPath());
    assertEquals(
        AssertionError.class.getName(), failureOf(new AssertionError()).exceptionClassPath());
  }

  private static RunOptions lease(int seconds) {
    return RunOptions.defaults().lease(Duration.ofSeconds(seconds));
  }

  /** Its calls take as long as they like. */
  private TaskResults patientClient() {
    return TaskResults.builder(relay.address()).deadline(Duration.ofMinutes(10)).build();
  }

  private TaskResult create(TaskResults by) {
    return by.create(task);
  }

  /** What is kept of it; it must also be passed on. */
  private TaskError failureOf(Throwable thrown) {
    TaskResult result = create(client);
    Throwable passedOn = assertThrows(
        Throwable.class,
        () -> client.run(result, "w1", LEASE, attempt -> {
          if (thrown instanceof Error error) throw error;
          throw (RuntimeException) thrown;
        }));
    assertSame(thrown, passedOn);
    assertEquals(TaskResultStatus.FAILED, result.refresh().status());
    return result.errors().get(0);
  }

  private static void assertSameState(TaskResult read, TaskResult known) {
    assertEquals(read.state(), known.state());
  }

  @Test
  void anInterruptDuringTheStartAbandonsNoAttempt() {
    Thread worker = Thread.currentThread();
    relay.atAnswers("StartAttempt", number -> {
      if (number > 1) return Relay.Gate.PASS;
      worker.interrupt();
      return Status.UNAVAILABLE;
    });
    TaskResult result = create(client);
    client.run(result, "w1", LEASE, attempt -> Thread.currentThread().isInterrupted());
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    assertEquals(true, result.returnValue(), "the function was told");
  }

  @Test
  void anInterruptedStartIsWaitedForNoLongerThanTheLease() {
    try (TaskResults patient = patientClient()) {
      TaskResult result = create(patient);
      assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
        Thread worker = Thread.currentThread();
        relay.at("StartAttempt", number -> {
          worker.interrupt();
          return Relay.Gate.KEEP;
        });
        var failure = assertThrows(
            TaskResultsException.class, () -> patient.run(result, "w1", lease(1), attempt -> 5));
        assertEquals("CANCELLED", failure.reason());
        assertTrue(Thread.interrupted(), "the interrupt is kept");
      });
    }
  }

  @Test
  void anInterruptBeforeTheStartBeginsNoAttempt() {
    TaskResult result = create(client);
    Thread.currentThread().interrupt();
    var failure = assertThrows(
        TaskResultsException.class, () -> client.run(result, "w1", LEASE, attempt -> 5));
    assertEquals("CANCELLED", failure.reason());
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    assertEquals(0, relay.calls("StartAttempt"));
  }

  @Test
  void aReportThatIsNeverAnsweredIsSentAgainWithinTheLease() {
    try (TaskResults patient = patientClient()) {
      relay.at("FinishAttempt", number -> number == 1 ? Relay.Gate.KEEP : Relay.Gate.PASS);
      assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> assertEquals(
              5, patient.run(create(patient), "w1", lease(6), attempt -> 5).returnValue()));
      long seconds = relay.secondsLeft("FinishAttempt").get(0);
      assertTrue(seconds <= 2, seconds + " s, more than a third of the lease");
    }
  }

  @Test
  void aReportTakesNoLongerThanTheLease() {
    try (TaskResults patient = patientClient()) {
      relay.at("FinishAttempt", number -> Status.UNAVAILABLE);
      var failure = assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> assertThrows(
              TaskResultsException.class,
              () -> patient.run(create(patient), "w1", lease(2), attempt -> 5)));
      assertTrue(Set.of("UNAVAILABLE", "DEADLINE_EXCEEDED").contains(failure.reason()));
    }
  }
}
