import io.taskresults.client.NewTask;
import io.taskresults.client.TaskResult;
import io.taskresults.client.TaskResults;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Asks for primes to be counted, and watches until that is done. The worker example does it. */
public final class Watcher {
  private Watcher() {}

  /** Takes the address of the service from TASKRESULTS_SERVER. */
  public static void main(String[] arguments) {
    String address = System.getenv().getOrDefault("TASKRESULTS_SERVER", "127.0.0.1:50051");
    try (TaskResults client = TaskResults.connect(address)) {
      // The last one fails.
      List<TaskResult> results = IntStream.of(1_000, 1_000_000, -1)
          .mapToObj(below -> client.create(NewTask.of("app.tasks.count_primes").args(below)))
          .toList();
      for (TaskResult result : results) {
        show(result);
        try (Stream<TaskResult> states = result.watch()) {
          states.forEach(Watcher::show);
        }
      }
    }
  }

  private static void show(TaskResult result) {
    String outcome = switch (result.status()) {
      case SUCCESSFUL -> ", " + result.returnValue();
      case FAILED -> ", " + result.errors().get(0).message();
      default -> "";
    };
    System.out.println(
        result.task().path() + " of " + result.args() + ": " + result.status() + outcome);
  }
}
