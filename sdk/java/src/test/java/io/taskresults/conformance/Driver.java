package io.taskresults.conformance;

import io.taskresults.client.TaskResultsException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The driver for the conformance scenarios: a JSON object a line in, and one a line out, in any
 * order.
 */
public final class Driver {
  private static final ExecutorService WORKERS = Executors.newCachedThreadPool();
  private static final Operations OPERATIONS = new Operations();

  private Driver() {}

  /** Works until the end of the input. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      ObjectNode request = (ObjectNode) Wire.parse(line);
      WORKERS.execute(() -> out.println(answer(request)));
    }
    OPERATIONS.close();
    WORKERS.shutdown();
    WORKERS.awaitTermination(10, TimeUnit.SECONDS);
  }

  private static ObjectNode answer(ObjectNode request) {
    ObjectNode answer =
        JsonNodeFactory.instance.objectNode().put("n", request.path("n").asInt());
    try {
      answer.set("ok", OPERATIONS.perform(request));
    } catch (TaskResultsException failure) {
      answer.set("error", Wire.error(failure.reason(), failure));
    } catch (Operations.Raised raised) {
      answer.set("error", Wire.error("RAISED", raised));
    } catch (Exception bug) {
      bug.printStackTrace();
      answer.set("error", Wire.error("BUG_OF_THE_DRIVER", bug));
    }
    return answer;
  }
}
