package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is called through a proxy, and what is not. The proxy takes note, and makes no tunnel. */
class ProxyTest {
  private static final String AWAY = "tasks.invalid:50051";

  private final Queue<String> asked = new ConcurrentLinkedQueue<>();
  private ServerSocket proxy;

  @BeforeEach
  void nameTheProxy() throws IOException {
    proxy = new ServerSocket(0);
    Thread thread = new Thread(this::refuseAll);
    thread.setDaemon(true);
    thread.start();
    System.setProperty("https.proxyHost", "127.0.0.1");
    System.setProperty("https.proxyPort", String.valueOf(proxy.getLocalPort()));
  }

  @AfterEach
  void forgetTheProxy() throws IOException {
    for (String name : List.of("https.proxyHost", "https.proxyPort", "http.nonProxyHosts"))
      System.clearProperty(name);
    proxy.close();
  }

  @Test
  void aServerElsewhereIsCalledThroughIt() {
    failToCall(TaskResults.builder(AWAY));
    assertEquals("CONNECT " + AWAY + " HTTP/1.1", asked.peek());
  }

  @Test
  void loopbackIsCalledDirectly() {
    System.setProperty("http.nonProxyHosts", "elsewhere.example");
    int port = Server.shared().port();
    for (String host : List.of("localhost", "127.0.0.1")) {
      try (TaskResults results = TaskResults.connect(host + ":" + port)) {
        assertEquals(1, results.create(NewTask.of("app.tasks.add")).revision());
      }
    }
    assertTrue(asked.isEmpty());
  }

  @Test
  void whatIsListedIsCalledDirectly() {
    System.setProperty("http.nonProxyHosts", "*.invalid");
    failToCall(TaskResults.builder(AWAY));
    assertTrue(asked.isEmpty());
  }

  @Test
  void anOptionTurnsItOff() {
    failToCall(TaskResults.builder(AWAY).proxy(false));
    assertTrue(asked.isEmpty());
  }

  private static void failToCall(TaskResultsBuilder builder) {
    try (TaskResults results = builder.deadline(Duration.ofSeconds(5)).build()) {
      assertThrows(TaskResultsException.class, () -> results.get("x"));
    }
  }

  private void refuseAll() {
    try {
      while (true) {
        try (Socket link = proxy.accept()) {
          asked.add(new BufferedReader(new InputStreamReader(link.getInputStream())).readLine());
          link.getOutputStream().write("HTTP/1.1 403 Forbidden\r\n\r\n".getBytes());
        }
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }
}
