package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RetryRuleTest {
  private static final Status AWAY = Status.UNAVAILABLE;
  private static final Status CALM =
      Status.RESOURCE_EXHAUSTED.withDescription("HTTP/2 error code: ENHANCE_YOUR_CALM");
  private static final Status BUG = said(Status.Code.INTERNAL, "INTERNAL", 0);
  private static final Status FULL = said(Status.Code.RESOURCE_EXHAUSTED, "LIMIT_REACHED", 0);

  /** How a client asks for a finished result, or reports one. */
  enum Way {
    CALL("GetTaskResult") {
      @Override
      void go(TaskResults client, String finished) {
        client.get(finished);
      }
    },
    WAIT("WaitTaskResult") {
      @Override
      void go(TaskResults client, String finished) {
        client.waitFor(finished);
      }
    },
    WATCH("WatchTaskResults") {
      @Override
      void go(TaskResults client, String finished) {
        try (Stream<TaskResult> states = client.watch(finished)) {
          assertEquals(1, states.count());
        }
      }
    },
    REPORT("FinishAttempt") {
      @Override
      void go(TaskResults client, String finished) {
        client.run(NewTask.of("app.tasks.add"), "w1", attempt -> 3);
      }
    };

    private final String method;

    Way(String method) {
      this.method = method;
    }

    abstract void go(TaskResults client, String finished);
  }

  @AutoClose
  private final TaskResults direct = TaskResults.connect(Server.shared().address());

  private final String id = direct.create(NewTask.of("app.tasks.add")).id();
  private final List<Long> moments = new CopyOnWriteArrayList<>();

  @AutoClose
  private Relay relay;

  @AutoClose
  private TaskResults client;

  @BeforeEach
  void open() throws Exception {
    relay = new Relay(Server.shared());
    client =
        TaskResults.builder(relay.address()).deadline(Duration.ofMinutes(1)).build();
  }

  /** What came back, and who outlives it. */
  record Row(Status said, Set<Way> again) {}

  static Stream<Row> rows() {
    Set<Way> all = Set.of(Way.values());
    Set<Way> report = Set.of(Way.REPORT);
    return Stream.of(
        new Row(AWAY, all),
        new Row(said(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", 0), all),
        new Row(said(Status.Code.UNAVAILABLE, "SHUTTING_DOWN", 0), all),
        new Row(Status.INTERNAL, all),
        new Row(Status.UNKNOWN, all),
        new Row(Status.CANCELLED.withDescription("reset"), all),
        new Row(FULL, all),
        new Row(CALM, all),
        new Row(BUG, Set.of(Way.WAIT, Way.WATCH, Way.REPORT)),
        new Row(Status.DEADLINE_EXCEEDED, Set.of(Way.WAIT, Way.REPORT)),
        new Row(said(Status.Code.UNKNOWN, "NEW_REASON", 0), report),
        new Row(Status.RESOURCE_EXHAUSTED, report),
        new Row(Status.ABORTED, report),
        new Row(Status.NOT_FOUND, report),
        new Row(Status.FAILED_PRECONDITION, report),
        new Row(Status.UNIMPLEMENTED, report),
        new Row(said(Status.Code.UNAUTHENTICATED, "UNAUTHENTICATED", 0), report));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void whatMayPassIsOutlivedAndAllElseIsRaised(Row row) {
    direct.failTask(id, null);
    for (Way way : Way.values()) {
      meet(way, row.said());
      if (row.again().contains(way)) {
        assertDoesNotThrow(() -> way.go(client, id), way.name());
        assertEquals(2, relay.calls(way.method), way.name());
      } else {
        var raised = assertThrows(TaskResultsException.class, () -> way.go(client, id), way.name());
        assertEquals(row.said().getCode(), raised.code());
        assertEquals(1, relay.calls(way.method), way.name());
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aServerThatIsFullIsGivenMoreTime(Way way) {
    direct.failTask(id, null);
    for (Status full : List.of(FULL, CALM)) {
      moments.clear();
      relay.secondsLeft(way.method).clear();
      meet(way, full);
      way.go(client, id);
      assertTrue(
          firstPause().compareTo(Duration.ofMillis(500)) >= 0, firstPause().toString());
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aPauseIsAtLeastWhatIsAskedFor(Way way) {
    direct.failTask(id, null);
    meet(way, said(Status.Code.UNAVAILABLE, "SHUTTING_DOWN", 700));
    way.go(client, id);
    assertTrue(firstPause().compareTo(Duration.ofMillis(700)) >= 0, firstPause().toString());
  }

  @Test
  void aPauseIsNeverPastTheDeadline() {
    meet(Way.CALL, said(Status.Code.UNAVAILABLE, "SHUTTING_DOWN", 3_600_000));
    assertThrows(TaskResultsException.ShuttingDown.class, () -> client.get(id));
    assertEquals(1, relay.calls("GetTaskResult"));
  }

  @Test
  void aPauseThatIsNoTimeAtAllIsNone() {
    var delay = com.google.protobuf.Duration.newBuilder()
        .setSeconds(Long.MAX_VALUE)
        .setNanos(Integer.MAX_VALUE);
    var answer = com.google.rpc.Status.newBuilder()
        .setCode(Status.Code.UNAVAILABLE.value())
        .addDetails(Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
    Failure failure = Failure.of(StatusProto.toStatusRuntimeException(answer.build()));
    assertEquals(Status.Code.UNAVAILABLE, failure.code());
    assertEquals(Duration.ZERO, failure.retryDelay());
  }

  @Test
  void aWaitDoesNotAskBeforeItMay() {
    direct.failTask(id, null);
    meet(Way.WAIT, said(Status.Code.UNAVAILABLE, "SHUTTING_DOWN", 3_600_000));
    assertThrows(
        TaskResultsException.WaitTimedOut.class, () -> client.waitFor(id, Duration.ofSeconds(1)));
    assertEquals(1, relay.calls("WaitTaskResult"));
  }

  @Test
  void aLastTryWithoutAnAnswerHidesNoFailureBeforeIt() {
    Status busy = said(Status.Code.UNAVAILABLE, "STORE_UNAVAILABLE", 0);
    relay.at("GetTaskResult", number -> number == 1 ? busy : Relay.Gate.KEEP);
    try (TaskResults hasty =
        TaskResults.builder(relay.address()).deadline(Duration.ofSeconds(2)).build()) {
      assertThrows(TaskResultsException.StoreUnavailable.class, () -> hasty.get(id));
      assertEquals(2, relay.calls("GetTaskResult"));
      var unanswered = assertThrows(TaskResultsException.class, () -> hasty.get(id));
      assertEquals("DEADLINE_EXCEEDED", unanswered.reason());
    }
  }

  @Test
  void anAnswerThatComesBeforeTheDeadlineIsWhatIsThrown() {
    meet(Way.CALL, AWAY, Status.DEADLINE_EXCEEDED);
    var raised = assertThrows(TaskResultsException.class, () -> client.get(id));
    assertEquals("DEADLINE_EXCEEDED", raised.reason());
  }

  @ParameterizedTest
  @EnumSource(names = {"WAIT", "WATCH"})
  void threeBugsInARowEndAWaitAndAWatch(Way way) {
    direct.failTask(id, null);
    meet(way, BUG, AWAY, BUG, AWAY);
    way.go(client, id);
    assertEquals(5, relay.calls(way.method));
    relay.secondsLeft(way.method).clear();
    meet(way, BUG, BUG, AWAY, BUG);
    assertThrows(TaskResultsException.Internal.class, () -> way.go(client, id));
    assertEquals(4, relay.calls(way.method));
  }

  @Test
  void bugsAreCountedAnewAfterEachEvent() throws Exception {
    try (Server server = Server.with(Map.of(), "--watch-max-age", "1s");
        Relay buggy = new Relay(server);
        TaskResults watcher = TaskResults.connect(buggy.address())) {
      buggy.at("WatchTaskResults", number -> number % 3 == 0 ? Relay.Gate.PASS : BUG);
      String id = watcher.create(NewTask.of("app.tasks.add")).id();
      Recorded recorded = new Recorded();
      watcher.async().watch(id).subscribe(recorded);
      recorded.request(10);
      Until.until("the first state", () -> recorded.revisions().equals(List.of(1L)));
      Until.until("another bug", () -> buggy.calls("WatchTaskResults") > 3);
      watcher.startAttempt(id, "w1", null);
      Until.until("the second state", () -> recorded.revisions().equals(List.of(1L, 2L)));
      Until.until("yet another bug", () -> buggy.calls("WatchTaskResults") > 6);
      watcher.succeed(id, 1, 3);
      Until.until("the end", recorded::isOver);
      assertEquals(null, recorded.failure());
    }
  }

  @Test
  void aCallThatItsContextCancelsIsNotRepeated() throws Exception {
    relay.at("GetTaskResult", number -> Relay.Gate.KEEP);
    Context.CancellableContext context = Context.current().withCancellation();
    CompletableFuture<TaskResult> reading = context.call(() -> client.async().get(id));
    Until.until("the call arrives", () -> relay.calls("GetTaskResult") == 1);
    context.cancel(null);
    var failure = assertThrows(ExecutionException.class, reading::get).getCause();
    assertEquals(
        "CANCELLED", assertInstanceOf(TaskResultsException.class, failure).reason());
    assertEquals(1, relay.calls("GetTaskResult"));
  }

  @Test
  void norIsOneThatItsContextCancelsLater() throws Exception {
    relay.at("GetTaskResult", number -> number == 1 ? AWAY : Relay.Gate.KEEP);
    Context.CancellableContext context = Context.current().withCancellation();
    CompletableFuture<TaskResult> reading = context.call(() -> client.async().get(id));
    Until.until("the second try arrives", () -> relay.calls("GetTaskResult") == 2);
    context.cancel(null);
    var failure = assertThrows(ExecutionException.class, reading::get).getCause();
    assertEquals(
        "CANCELLED", assertInstanceOf(TaskResultsException.class, failure).reason());
    assertEquals(2, relay.calls("GetTaskResult"));
  }

  @Test
  void aWatchThatItsContextCancelsLaterIsNotOpenedAgain() throws Exception {
    relay.at("WatchTaskResults", number -> number == 1 ? AWAY : Relay.Gate.KEEP);
    Context.CancellableContext context = Context.current().withCancellation();
    Recorded recorded = new Recorded();
    context.run(() -> client.async().watch(id).subscribe(recorded));
    recorded.request(1);
    Until.until("the second stream is open", () -> relay.calls("WatchTaskResults") == 2);
    context.cancel(null);
    Until.until("the end", recorded::isOver);
    assertEquals(
        "CANCELLED",
        assertInstanceOf(TaskResultsException.class, recorded.failure()).reason());
  }

  /** An answer of the service, or of a proxy when there is no reason. */
  private static Status said(Status.Code code, String reason, int retryMillis) {
    var answer = com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(reason);
    answer.addDetails(Any.pack(
        ErrorInfo.newBuilder().setDomain("taskresults.v1").setReason(reason).build()));
    if (retryMillis > 0) {
      answer.addDetails(Any.pack(RetryInfo.newBuilder()
          .setRetryDelay(ProtoTime.duration(Duration.ofMillis(retryMillis)))
          .build()));
    }
    return code.toStatus().withCause(StatusProto.toStatusRuntimeException(answer.build()));
  }

  /** The next calls meet these instead of the server. */
  private void meet(Way way, Status... refusals) {
    relay.at(way.method, number -> {
      moments.add(System.nanoTime());
      return number <= refusals.length ? refusals[number - 1] : Relay.Gate.PASS;
    });
  }

  private Duration firstPause() {
    return Duration.ofNanos(moments.get(1) - moments.get(0));
  }
}
