package io.taskresults.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessTest {
  private static final char[] PASSWORD = "password".toCharArray();

  @Test
  void theTokenGoesWithEveryCall() {
    Map<String, String> tokens =
        Map.of("TASKRESULTS_TOKEN", "secret", "TASKRESULTS_READ_TOKEN", "reader");
    try (Server server = Server.with(tokens);
        TaskResults none = TaskResults.connect(server.address());
        TaskResults wrong = TaskResults.builder(server.address()).token("wrong").build();
        TaskResults reader =
            TaskResults.builder(server.address()).token("reader").build();
        TaskResults writer =
            TaskResults.builder(server.address()).token("wrong").token("secret").build()) {
      String id = writer.create(NewTask.of("app.tasks.add")).id();
      assertEquals(id, reader.get(id).id());
      assertEquals(1, reader.watch(id).findFirst().orElseThrow().revision());
      assertThrows(
          TaskResultsException.PermissionDenied.class, () -> reader.delete(id, null, false));
      assertThrows(TaskResultsException.Unauthenticated.class, () -> none.get(id));
      assertThrows(
          TaskResultsException.Unauthenticated.class,
          () -> wrong.waitFor(id, Duration.ofSeconds(20)));
      assertThrows(
          TaskResultsException.Unauthenticated.class, () -> wrong.watch(id).count());
    }
  }

  @Test
  void aTokenThatIsNoHeaderIsRefusedAndNeverQuoted() {
    List<String> tokens =
        Arrays.asList(null, "", "two words", "line\n", "line\r", "li\nne", "\nline", "ключ");
    for (String token : tokens) {
      var failure = assertThrows(
          TaskResultsException.InvalidField.class,
          () -> TaskResults.builder("localhost:1").token(token));
      assertEquals(List.of("token"), failure.fields());
      assertEquals("token: must be printable ASCII without spaces", failure.getMessage());
    }
  }

  @Test
  void tlsOnRequest(@TempDir Path folder) throws Exception {
    KeyStore keys = keys(folder.resolve("keys.p12"));
    try (Link link = new Link(entrance(keys), Server.shared().port());
        TaskResults trusting =
            TaskResults.builder(link.address()).credentials(trusting(keys)).build();
        TaskResults other = TaskResults.builder(link.address())
            .tls()
            .deadline(Duration.ofSeconds(1))
            .build()) {
      assertThrows(TaskResultsException.DoesNotExist.class, () -> trusting.get("nobody"));
      var failure = assertThrows(TaskResultsException.class, () -> other.get("nobody"));
      assertTrue(Set.of("UNAVAILABLE", "DEADLINE_EXCEEDED").contains(failure.reason()));
    }
  }

  private static KeyStore keys(Path file) throws Exception {
    Process keytool = new ProcessBuilder(
            "keytool",
            "-genkeypair",
            "-alias",
            "test",
            "-keyalg",
            "EC",
            "-dname",
            "CN=localhost",
            "-ext",
            "san=dns:localhost",
            "-keystore",
            file.toString(),
            "-storepass",
            new String(PASSWORD))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    assertEquals(0, keytool.waitFor());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  private static SSLServerSocket entrance(KeyStore keys) throws Exception {
    var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    managers.init(keys, PASSWORD);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    SSLServerSocket entrance =
        (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0);
    SSLParameters parameters = entrance.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    entrance.setSSLParameters(parameters);
    return entrance;
  }

  private static ChannelCredentials trusting(KeyStore keys) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("test", keys.getCertificate("test"));
    var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(trusted);
    return TlsChannelCredentials.newBuilder()
        .trustManager(managers.getTrustManagers())
        .build();
  }
}
