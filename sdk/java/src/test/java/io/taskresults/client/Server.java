package io.taskresults.client;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real server as a process of its own, on a database of its own. */
final class Server implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on (\\S+) ");
  private static final Server SHARED = warm(new Server(Map.of()));

  private final Path folder;
  private final Map<String, String> environment;
  private final List<String> flags;
  private Process process;
  private String address = "127.0.0.1:0";

  private Server(Map<String, String> environment, String... flags) {
    this.environment = environment;
    this.flags = List.of(flags);
    try {
      folder = Files.createTempDirectory("taskresults-java-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    start();
  }

  /** One for all tests that leave it as it is; it ends with them. */
  static Server shared() {
    return SHARED;
  }

  /**
   * The first call loads all of gRPC: on a busy machine that takes longer than a call may by
   * default.
   */
  private static Server warm(Server server) {
    try (TaskResults patient =
        TaskResults.builder(server.address()).deadline(Duration.ofMinutes(2)).build()) {
      patient.getMany(List.of("nobody"));
    }
    return server;
  }

  static Server with(Map<String, String> environment, String... flags) {
    return new Server(environment, flags);
  }

  String address() {
    return address;
  }

  /** 0 on a Unix socket. */
  int port() {
    Matcher port = Pattern.compile(":(\\d+)$").matcher(address);
    return port.find() ? Integer.parseInt(port.group(1)) : 0;
  }

  /** Starts, on the same port and database as before if there was one. */
  void start() {
    String main = System.getenv().getOrDefault("TASKRESULTS_MAIN", "../../dist/main.js");
    String database = "sqlite:" + folder.resolve("results.sqlite");
    List<String> command =
        new ArrayList<>(List.of("node", main, "serve", "--port", String.valueOf(port())));
    command.addAll(List.of("--database-url", database, "--log-level", "warn"));
    command.addAll(flags);
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().removeIf(name -> name.startsWith("TASKRESULTS_"));
    builder.environment().putAll(environment);
    try {
      process = builder.start();
      address = addressIn(process.inputReader().readLine());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As a machine that goes down does it. */
  void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** As an operator does it: open watches are told. */
  void stop() {
    process.destroy();
    process.onExit().join();
  }

  @Override
  public void close() {
    stop();
    if (!Files.exists(folder)) return;
    try (var files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String addressIn(String line) {
    Matcher matcher = LISTENING.matcher(String.valueOf(line));
    if (!matcher.find()) throw new IllegalStateException("the server did not start: " + line);
    return matcher.group(1);
  }
}
