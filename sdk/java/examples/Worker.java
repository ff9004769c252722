import io.taskresults.client.Attempt;
import io.taskresults.client.RunOptions;
import io.taskresults.client.TaskResult;
import io.taskresults.client.TaskResultFilter;
import io.taskresults.client.TaskResultStatus;
import io.taskresults.client.TaskResultView;
import io.taskresults.client.TaskResults;
import io.taskresults.client.TaskResultsException;
import java.time.Duration;
import java.util.List;

/**
 * Counts primes: looks for results of app.tasks.count_primes that are READY, and runs them until it
 * is interrupted. The watcher example makes some.
 */
public final class Worker {
  private static final TaskResultFilter WAITING =
      TaskResultFilter.all().taskPath("app.tasks.count_primes").statuses(TaskResultStatus.READY);
  private static final RunOptions OPTIONS = RunOptions.defaults().lease(Duration.ofSeconds(10));

  /**
   * A different one for each process: it distinguishes this worker's calls from those of others.
   */
  private static final String WORKER_ID = "worker-" + ProcessHandle.current().pid();

  private Worker() {}

  /** Takes the address of the service from TASKRESULTS_SERVER. */
  public static void main(String[] arguments) throws InterruptedException {
    String address = System.getenv().getOrDefault("TASKRESULTS_SERVER", "127.0.0.1:50051");
    try (TaskResults client = TaskResults.connect(address)) {
      while (true) {
        // Full, since lists come without arguments otherwise.
        client.list(WAITING, 50, TaskResultView.FULL).forEach(result -> run(client, result));
        // Nothing is waiting. A real worker would be woken by its queue.
        Thread.sleep(200);
      }
    }
  }

  private static void run(TaskResults client, TaskResult result) {
    try {
      client.run(result, WORKER_ID, OPTIONS, Worker::countPrimes);
      System.out.println(result.id() + "  " + result.returnValue());
    } catch (TaskResultsException.AttemptInProgress
        | TaskResultsException.IllegalTransition tooLate) {
      // Another worker was faster.
    } catch (RuntimeException failure) {
      System.out.println(result.id() + "  " + failure.getMessage());
    }
  }

  private static Object countPrimes(Attempt attempt) {
    List<Object> args = attempt.taskResult().args();
    if (args.size() != 1 || !(args.get(0) instanceof Integer below) || below < 0) {
      throw new IllegalArgumentException("one number that is not negative is wanted, not " + args);
    }
    int count = 0;
    for (int n = 2; n < below && !attempt.isLost(); n++) {
      if (isPrime(n)) count++;
    }
    return count;
  }

  private static boolean isPrime(int n) {
    for (int divisor = 2; divisor * divisor <= n; divisor++) {
      if (n % divisor == 0) return false;
    }
    return true;
  }
}
