package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ReadingTest {
  @AutoClose
  private final TaskResults client = TaskResults.connect(Server.shared().address());

  @Test
  void anotherTasksIdIsAMismatch() {
    String id = client.create(NewTask.of("app.tasks.add")).id();
    assertEquals(id, client.get(id, "app.tasks.add").id());
    assertThrows(TaskResultsException.Mismatch.class, () -> client.get(id, "app.tasks.subtract"));
  }

  @Test
  void failuresTellReasonCodeAndFields() throws InterruptedException {
    var missing = assertThrows(TaskResultsException.class, () -> client.get("nobody"));
    assertEquals(
        "TASK_RESULT_DOES_NOT_EXIST NOT_FOUND []",
        missing.reason() + " " + missing.code() + " " + missing.fields());
    assertEquals(
        ReadingTest.class.getName(), caller(missing), "the trace tells where it was asked");
    var bad =
        assertThrows(TaskResultsException.InvalidField.class, () -> client.create(NewTask.of("")));
    assertEquals(List.of("task.path"), bad.fields());
    var late = assertThrows(
        ExecutionException.class, () -> client.async().get("nobody").get());
    assertEquals(TaskResultsException.DoesNotExist.class, late.getCause().getClass());
  }

  @Test
  void halfACharacterIsRefusedBeforeItIsSentAsAnother() {
    String half = "\ud83d";
    Map<String, Executable> calls = Map.of(
        "id", () -> client.get(half),
        "ids", () -> client.getMany(List.of("whole", half)),
        "id ", () -> client.waitFor(half),
        "ids.task_results.id", () -> client.watch(half).count(),
        "task.path", () -> client.create(NewTask.of(half)),
        "metadata.value", () -> client.create(NewTask.of("a").metadata(Map.of("b", half))),
        "worker_id", () -> client.startAttempt("nobody", half, null),
        "filter.task_path",
            () -> client.list(TaskResultFilter.all().taskPath(half)).count());
    calls.forEach((field, call) -> {
      var refused = assertThrows(TaskResultsException.InvalidField.class, call);
      assertEquals(List.of(field.strip()), refused.fields());
    });
    assertEquals(
        half, client.create(NewTask.of("app.tasks.add").args(half)).args().get(0));
  }

  private static String caller(Throwable thrown) {
    return Stream.of(thrown.getStackTrace())
        .map(StackTraceElement::getClassName)
        .filter(name -> name.endsWith("Test"))
        .findFirst()
        .orElse("nobody");
  }

  @Test
  void manyAtOnceInTheOrderAskedAndBeyondOneCall() {
    String first = client.create(NewTask.of("app.tasks.add")).id();
    String second = client.create(NewTask.of("app.tasks.add")).id();
    List<String> ids = new ArrayList<>(List.of(second, "nobody", first, second));
    ids.addAll(IntStream.range(0, 1_500).mapToObj(i -> "missing-" + i).toList());
    FoundTaskResults many = client.getMany(ids);
    assertEquals(
        List.of(second, first), many.found().stream().map(TaskResult::id).toList());
    assertEquals(1_501, many.missing().size());
    assertEquals(List.of("nobody", "missing-0"), many.missing().subList(0, 2));
    assertEquals(List.of(), client.getMany(List.of()).found());
  }

  @Test
  void whatOneAnswerDoesNotHoldIsAskedForAgain() {
    String large = "x".repeat(900_000);
    List<String> ids = Stream.generate(
            () -> client.create(NewTask.of("app.tasks.large").args(large)).id())
        .limit(6)
        .toList();
    assertEquals(ids, client.getMany(ids).found().stream().map(TaskResult::id).toList());
  }

  @Test
  void oneResultMayBeLargerThanWhatGrpcTakesByDefault() {
    String text = "x".repeat(2_500_000);
    try (Server server = Server.with(Map.of(), "--max-json-size", "3MiB");
        TaskResults client = TaskResults.connect(server.address())) {
      TaskResult result =
          client.run(NewTask.of("app.tasks.large").args(text), "w1", attempt -> text);
      assertEquals(text, client.get(result.id()).returnValue());
      assertEquals(List.of(text), client.get(result.id()).args());
    }
  }

  @Test
  void aListLeavesOutWhatIsLarge() {
    String path = "app.list." + System.nanoTime();
    client.create(NewTask.of(path).args(1));
    TaskResultFilter filter = TaskResultFilter.all().taskPath(path);
    assertEquals(
        List.of(Optional.empty()), client.list(filter).map(TaskResult::argsJson).toList());
    var whole = client.list(filter, 0, TaskResultView.FULL);
    assertEquals(List.of(Optional.of("[1]")), whole.map(TaskResult::argsJson).toList());
  }

  @Test
  void aListReadsItsPagesAsTheyAreConsumed() {
    String path = "app.list." + System.nanoTime();
    List<String> ids = IntStream.range(0, 5)
        .mapToObj(i -> client.create(NewTask.of(path)).id())
        .toList();
    TaskResultFilter filter =
        TaskResultFilter.all().taskPath(path).statuses(TaskResultStatus.READY);
    List<String> newestFirst = new ArrayList<>(ids);
    Collections.reverse(newestFirst);
    assertEquals(
        newestFirst,
        client.list(filter, 2, TaskResultView.BASIC).map(TaskResult::id).toList());
    var consumed = client.list(filter, 2, TaskResultView.FULL).iterator();
    assertEquals(newestFirst.get(0), consumed.next().id());
    client.delete(newestFirst.get(4), null, false); // on a page that was not read yet
    List<String> rest = new ArrayList<>();
    consumed.forEachRemaining(result -> rest.add(result.id()));
    assertEquals(newestFirst.subList(1, 4), rest);
  }
}
