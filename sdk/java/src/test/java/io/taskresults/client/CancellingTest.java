package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is given up ends: nothing of it is sent afterwards. */
class CancellingTest {
  private static final List<String> TEN_BATCHES =
      IntStream.range(0, 10_000).mapToObj(i -> "missing-" + i).toList();

  private final NewTask task = NewTask.of("app.tasks.add");

  @AutoClose
  private Relay relay;

  @AutoClose
  private TaskResults client;

  @BeforeEach
  void open() throws Exception {
    relay = new Relay(Server.shared());
    client = TaskResults.connect(relay.address());
  }

  @Test
  void aCancelledCreateIsNotRepeated() throws Exception {
    assertEquals(
        1,
        callsOf("CreateTaskResult", 1, Status.UNAVAILABLE, () -> client.async().create(task)));
  }

  @Test
  void aCreateThatSomebodyElseEndedIsNotRepeated() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    relay.at("CreateTaskResult", number -> {
      over.await();
      return Status.UNAVAILABLE;
    });
    var creating = client.async().create(task).orTimeout(200, TimeUnit.MILLISECONDS);
    var ended = assertThrows(Exception.class, creating::get);
    assertEquals(TimeoutException.class, ended.getCause().getClass());
    over.countDown();
    otherCallsAreRepeated();
    assertTrue(relay.calls("CreateTaskResult") <= 1);
  }

  @Test
  void aCancelledGetManySendsNoFurtherBatch() throws Exception {
    assertEquals(
        2,
        callsOf(
            "BatchGetTaskResults",
            2,
            Relay.Gate.PASS,
            () -> client.async().getMany(TEN_BATCHES, TaskResultView.BASIC)));
  }

  @Test
  void anInterruptedCreateIsNotRepeated() throws Exception {
    assertEquals(
        1,
        callsOfInterrupted("CreateTaskResult", 1, Status.UNAVAILABLE, () -> client.create(task)));
  }

  @Test
  void anInterruptedGetManySendsNoFurtherBatch() throws Exception {
    assertEquals(
        2,
        callsOfInterrupted(
            "BatchGetTaskResults", 2, Relay.Gate.PASS, () -> client.getMany(TEN_BATCHES)));
  }

  @Test
  void aThreadThatIsInterruptedAlreadySendsNothing() {
    Thread.currentThread().interrupt();
    var failure = assertThrows(TaskResultsException.class, () -> client.create(task));
    assertEquals("CANCELLED", failure.reason());
    var unread =
        assertThrows(TaskResultsException.class, () -> client.watch("nobody").count());
    assertEquals("CANCELLED", unread.reason());
    assertTrue(Thread.interrupted(), "the interrupt is kept");
    otherCallsAreRepeated();
    assertEquals(0, relay.calls("CreateTaskResult"));
    assertEquals(0, relay.calls("WatchTaskResults"));
  }

  /** How often the method was called, in all, when that call of it was cancelled meanwhile. */
  private int callsOf(String method, int last, Status fate, Supplier<CompletableFuture<?>> call)
      throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    relay.at(method, number -> {
      if (number < last) return Relay.Gate.PASS;
      arrived.countDown();
      over.await();
      return fate;
    });
    CompletableFuture<?> future = call.get();
    arrived.await();
    future.cancel(true);
    over.countDown();
    otherCallsAreRepeated();
    return relay.calls(method);
  }

  /** The same for a thread that was interrupted meanwhile. */
  private int callsOfInterrupted(String method, int last, Status fate, Supplier<?> call)
      throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    relay.at(method, number -> {
      if (number < last) return Relay.Gate.PASS;
      arrived.countDown();
      over.await();
      return fate;
    });
    CompletableFuture<TaskResultsException> failure = new CompletableFuture<>();
    Thread caller =
        new Thread(() -> failure.complete(assertThrows(TaskResultsException.class, call::get)));
    caller.start();
    arrived.await();
    caller.interrupt();
    assertEquals("CANCELLED", failure.get().reason());
    over.countDown();
    otherCallsAreRepeated();
    return relay.calls(method);
  }

  /** Takes the pauses after which the call that was given up would have been made again. */
  private void otherCallsAreRepeated() {
    relay.at("GetTaskResult", number -> number <= 4 ? Status.UNAVAILABLE : Relay.Gate.PASS);
    assertThrows(TaskResultsException.DoesNotExist.class, () -> client.get("nobody"));
    assertEquals(5, relay.calls("GetTaskResult"));
  }
}
