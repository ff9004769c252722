package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import tools.jackson.core.type.TypeReference;

class TaskResultTest {
  @AutoClose
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  private final NewTask task =
      NewTask.of("app.tasks.add").args(1, "two").kwargs(Map.of("three", 3));

  @Test
  void aNewResultIsKnownWithoutReadingIt() {
    Instant runAfter = Instant.parse("2030-01-02T03:04:05.678901999Z");
    NewTask full = task.priority(-7)
        .queueName("mails")
        .runAfter(runAfter)
        .takesContext(true)
        .backend("other")
        .metadata(Map.of("tenant", "acme"));
    TaskResult created = client.create(full);
    TaskResult read = client.get(created.id());
    for (TaskResult result : List.of(created, read)) {
      Instant kept = Instant.parse("2030-01-02T03:04:05.678901Z");
      assertEquals(new Task("app.tasks.add", -7, "mails", Optional.of(kept), true), result.task());
      assertEquals(TaskResultStatus.READY, result.status());
      assertEquals(List.of(1, "two"), result.args());
      assertEquals(Optional.of("[1,\"two\"]"), result.argsJson());
      assertEquals(Map.of("three", 3), result.kwargs());
      assertEquals("other", result.backend());
      assertEquals(Map.of("tenant", "acme"), result.metadata());
      assertEquals(created.enqueuedAt(), result.enqueuedAt());
      assertEquals(1, result.revision());
      assertEquals(0, result.attempts());
      assertEquals(Optional.empty(), result.startedAt());
      assertEquals(Optional.empty(), result.lastAttemptedAt());
      assertEquals(Optional.empty(), result.finishedAt());
      assertEquals(Optional.empty(), result.expiresAt());
    }
  }

  @Test
  void aTaskMayBeTriedAsOftenAsItsCreatorSays() {
    TaskResult result = client.create(task.maxAttempts(2));
    assertEquals(2, result.maxAttempts());
    assertEquals(0, result.errorCount());
    for (int attempt = 1; attempt <= 2; attempt++) {
      client.startAttempt(result.id(), "w1", null);
      client.failForRetry(result.id(), attempt, TaskError.of("app.Failure", "no answer", ""));
    }
    result.refresh();
    assertEquals(TaskResultStatus.FAILED, result.status());
    assertEquals(2, result.maxAttempts());
    assertEquals(2, result.attempts());
    assertEquals(2, result.errorCount());
    TaskResult usual = client.create(task);
    assertEquals(100, usual.maxAttempts());
    assertEquals(100, client.get(usual.id()).maxAttempts());
    assertThrows(TaskResultsException.InvalidField.class, () -> task.maxAttempts(0));
  }

  @Test
  void theClientMakesIdsThatSort() {
    String first = client.create(task).id();
    assertEquals('7', first.charAt(14));
    assertTrue("89ab".indexOf(first.charAt(19)) >= 0, first);
    assertFalse(first.equals(client.create(task).id()));
  }

  @Test
  void createdAgainItIsThePresentResult() {
    TaskResult result = client.create(task);
    client.startAttempt(result.id(), "w1", null);
    TaskResult again = client.create(task.id(result.id()));
    assertEquals(TaskResultStatus.RUNNING, again.status());
    assertEquals(List.of("w1"), again.workerIds());
    assertThrows(
        TaskResultsException.Exists.class,
        () -> client.create(task.id(result.id()).args(2)));
  }

  @Test
  void createdAgainItIsNeverAResultOfOtherContent() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults far = TaskResults.connect(relay.address())) {
      String id = client.create(task).id();
      client.startAttempt(id, "w1", null);
      relay.at("GetTaskResult", number -> {
        client.delete(id, null, false);
        client.create(NewTask.of("app.tasks.other").id(id));
        client.startAttempt(id, "w2", null);
        return Relay.Gate.PASS;
      });
      assertThrows(TaskResultsException.Exists.class, () -> far.create(task.id(id)));
    }
  }

  @Test
  void refreshReplacesInPlaceWhatCanChange() {
    TaskResult result = client.create(task);
    assertSame(result, result.refresh());
    client.startAttempt(result.id(), "w1", null);
    client.failForRetry(result.id(), 1, TaskError.of("app.Failure", "no answer", "line 1"));
    client.startAttempt(result.id(), "w2", null);
    assertEquals(TaskResultStatus.READY, result.status());
    result.refresh();
    assertEquals(TaskResultStatus.RUNNING, result.status());
    assertEquals(2, result.attempts());
    assertEquals(4, result.revision());
    TaskError error = result.errors().get(0);
    assertEquals(
        "app.Failure: no answer, line 1, 1, w1",
        error.exceptionClassPath() + ": " + error.message() + ", " + error.traceback() + ", "
            + error.attempt() + ", " + error.workerId());
    assertFalse(result.startedAt().orElseThrow().isAfter(error.raisedAt().orElseThrow()));
    assertThrows(TaskResultsException.TaskNotFinished.class, result::returnValue);
    client.succeed(result.id(), 2, null);
    result.refresh();
    assertTrue(result.isFinished());
    assertNull(result.returnValue());
    assertEquals(Optional.of("null"), result.returnValueJson());
    assertEquals(List.of(1, "two"), result.args());
    assertFalse(
        result.finishedAt().orElseThrow().isBefore(result.lastAttemptedAt().orElseThrow()));
  }

  @Test
  void aDeletedResultKeepsWhatItHad() {
    TaskResult result = client.create(task);
    client.delete(result.id(), null, false);
    assertThrows(TaskResultsException.DoesNotExist.class, result::refresh);
    assertEquals(1, result.revision());
    assertEquals(List.of(1, "two"), result.args());
  }

  @Test
  void ofTwoRefreshesThatOverlapTheNewerStateStays() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults far = TaskResults.connect(relay.address())) {
      TaskResult result = far.get(client.create(task).id());
      AttemptFence attempt = client.startAttempt(result.id(), "w1", null).fence();
      CountDownLatch answered = new CountDownLatch(1);
      CountDownLatch overtaken = new CountDownLatch(1);
      relay.atAnswers("RefreshTaskResult", number -> {
        if (number > 1) return Relay.Gate.PASS;
        answered.countDown();
        overtaken.await();
        return Relay.Gate.PASS;
      });
      CompletableFuture<TaskResult> late = far.async().refresh(result);
      answered.await();
      client.succeed(attempt, 5);
      assertEquals(5, result.refresh().returnValue());
      overtaken.countDown();
      late.get();
      assertEquals(5, result.returnValue());
    }
  }

  @Test
  void aResultCreatedAnewReplacesEverything() {
    TaskResult result = client.create(task);
    TaskResultVersion before = result.version();
    client.delete(result.id(), before, false);
    NewTask other = NewTask.of("app.tasks.other")
        .id(result.id())
        .args("three")
        .kwargs(Map.of("four", 4))
        .backend("other")
        .metadata(Map.of("tenant", "acme"));
    TaskResult anew = client.create(other);
    result.refresh();
    assertEquals(anew.state(), result.state());
    assertEquals(before.revision(), result.revision(), "the revision does not tell them apart");
    assertTrue(result.version().compareTo(before) > 0);
    assertEquals(new TaskResultVersion(result.incarnation(), result.revision()), result.version());
    client.startAttempt(result.id(), "w1", null);
    result.refresh();
    assertEquals(client.get(result.id()).state(), result.state());
  }

  @Test
  void anAttemptEndsWithTheResultThatItWasStartedFor() {
    TaskResult result = client.create(task);
    AttemptFence old = client.startAttempt(result.id(), "w1", null).fence();
    client.delete(result.id(), null, false);
    client.create(task.id(result.id()));
    AttemptFence present = client.startAttempt(result.id(), "w2", null).fence();
    assertEquals(old.attempt(), present.attempt());
    TaskError error = TaskError.of("app.Failure", "no answer", "line 1");
    List<Executable> calls = List.of(
        () -> client.succeed(old, "old"),
        () -> client.fail(old, error),
        () -> client.failForRetry(old, error),
        () -> client.renewLease(old, Duration.ofSeconds(1)));
    calls.forEach(call -> assertThrows(TaskResultsException.StaleAttempt.class, call));
    client.succeed(present, "new");
    assertEquals("new", client.get(result.id()).returnValue());
  }

  @Test
  void anAttemptMayBeToldByItsNumberAlone() {
    TaskResult result = client.create(task);
    TaskError error = TaskError.of("app.Failure", "no answer", "line 1");
    client.startAttempt(result.id(), "w1", null);
    client.renewLease(result.id(), 1, Duration.ofSeconds(60));
    client.failForRetry(result.id(), 1, error);
    client.startAttempt(result.id(), "w1", null);
    client.fail(result.id(), 2, error);
    assertEquals(2, result.refresh().errors().size());
  }

  @Test
  void aStartIsKnownAgainByItsRequest() {
    TaskResult result = client.create(task);
    StartedAttempt started = client.startAttempt(result.id(), "w1", null, "delivery-1");
    assertEquals(started, client.startAttempt(result.id(), "w1", null, "delivery-1"));
    assertThrows(
        TaskResultsException.AttemptInProgress.class,
        () -> client.startAttempt(result.id(), "w1", null, "delivery-2"));
    assertThrows(
        TaskResultsException.AttemptInProgress.class,
        () -> client.startAttempt(result.id(), "w1", null));
    StartedAttempt taken = client.takeOver(result.id(), "w1", null, "delivery-2");
    assertEquals(taken, client.takeOver(result.id(), "w1", null, "delivery-2"));
    assertEquals(2, taken.number());
    client.failForRetry(taken.fence(), TaskError.of("app.Failure", "no answer", "line 1"));
    for (String late : List.of("delivery-1", "delivery-2")) {
      assertThrows(
          TaskResultsException.StaleAttempt.class,
          () -> client.startAttempt(result.id(), "w1", null, late));
    }
    assertEquals(2, result.refresh().attempts());
    assertEquals(TaskResultStatus.READY, result.status());
  }

  @Test
  void aStartWhoseAnswerWasLostIsTheSameAttempt() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults far = TaskResults.connect(relay.address())) {
      relay.atAnswers("StartAttempt", number -> number == 1 ? Status.UNAVAILABLE : Relay.Gate.PASS);
      StartedAttempt started = far.startAttempt(client.create(task).id(), "w1", null);
      assertEquals(1, started.number());
      assertEquals(2, relay.calls("StartAttempt"));
    }
  }

  @Test
  void onlyTheVersionThatIsMeantIsDeleted() {
    TaskResult result = client.create(task);
    TaskResultVersion old = result.version();
    client.startAttempt(result.id(), "w1", null);
    assertThrows(
        TaskResultsException.RevisionMismatch.class, () -> client.delete(result.id(), old, false));
    client.delete(result.id(), new TaskResultVersion(old.incarnation(), 0), false);
    client.create(task.id(result.id()));
    assertThrows(
        TaskResultsException.RevisionMismatch.class, () -> client.delete(result.id(), old, false));
    client.delete(result.id(), result.refresh().version(), false);
    assertThrows(TaskResultsException.DoesNotExist.class, () -> client.get(result.id()));
  }

  @Test
  void returnValuesAreOfTheTypeAskedFor() {
    TaskResult result = client.create(task);
    client.startAttempt(result.id(), "w1", null);
    client.succeed(result.id(), 1, List.of("a", "b"));
    result.refresh();
    assertEquals(List.of("a", "b"), result.returnValue());
    List<String> typed = result.returnValue(new TypeReference<List<String>>() {});
    assertEquals("a", typed.get(0));
    assertEquals("b", result.returnValue(String[].class)[1]);
  }

  @Test
  void aFailedResultHasNoReturnValue() {
    TaskResult result = client.create(task);
    client.failTask(result.id(), null);
    var failure =
        assertThrows(TaskResultsException.TaskFailed.class, result.refresh()::returnValue);
    assertEquals("Task failed", failure.getMessage());
    assertEquals("TASK_FAILED", failure.reason());
    assertEquals(List.of(), result.errors());
  }

  @Test
  void theBasicViewLeavesOutWhatIsLarge() {
    TaskResult result = client.create(task);
    TaskResult basic = client.get(result.id(), null, TaskResultView.BASIC);
    assertEquals(Optional.empty(), basic.argsJson());
    assertEquals(
        "FAILED_PRECONDITION",
        assertThrows(TaskResultsException.class, basic::args).reason());
    assertEquals(
        "FAILED_PRECONDITION",
        assertThrows(TaskResultsException.class, basic::kwargs).reason());
  }

  @Test
  void aStartWithAnEmptyRequestIdIsToldAgainOfItsAttempt() throws Exception {
    try (Relay relay = new Relay(Server.shared());
        TaskResults worker = TaskResults.connect(relay.address())) {
      relay.atAnswers(
          "StartAttempt", number -> number % 2 == 1 ? Status.UNAVAILABLE : Relay.Gate.PASS);
      String id = client.create(NewTask.of("app.tasks.add")).id();
      assertEquals(1, worker.startAttempt(id, "w1", null, "").number());
      assertEquals(2, worker.takeOver(id, "w1", null, "").number());
    }
  }

  @Test
  void aStatusThatIsNotKnownYetIsNotFinished() {
    var state = io.taskresults.v1.TaskResult.newBuilder().setStatusValue(99).build();
    TaskResult result = new TaskResult(client.async(), state);
    assertEquals(TaskResultStatus.UNKNOWN, result.status());
    assertFalse(result.isFinished());
    assertThrows(TaskResultsException.TaskNotFinished.class, result::returnValue);
    assertThrows(
        TaskResultsException.InvalidField.class,
        () -> client.list(TaskResultFilter.all().statuses(TaskResultStatus.UNKNOWN)));
  }
}
