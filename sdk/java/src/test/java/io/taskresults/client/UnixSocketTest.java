package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir
  private Path folder;

  @Test
  void aClientWorksOverASocket() {
    String address = "unix:" + folder.resolve("test.sock");
    try (Server server = Server.with(Map.of(), "--host", address);
        TaskResults client = TaskResults.connect(server.address())) {
      String id = client.create(NewTask.of("app.tasks.add")).id();
      client.failTask(id, null);
      assertEquals(TaskResultStatus.FAILED, client.waitFor(id).status());
    }
  }
}
