package io.taskresults.client;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.ManagedChannelProvider;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import java.time.Duration;
import java.util.List;

/** The settings of a client. */
public final class TaskResultsBuilder {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final Duration MIN_HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration MAX_HEARTBEAT = Duration.ofSeconds(60);

  private final String target;
  private final Metadata headers = new Metadata();
  private ChannelCredentials credentials = InsecureChannelCredentials.create();
  private boolean usesProxy = true;
  private Duration deadline = Duration.ofSeconds(10);
  private Duration heartbeat = Duration.ofSeconds(15);

  TaskResultsBuilder(String target) {
    this.target = target;
  }

  /**
   * Sends a token with every call, as {@code authorization: Bearer …}.
   *
   * @param token the token: printable ASCII without spaces
   * @return this
   * @throws TaskResultsException.InvalidField when it is anything else, which the message does not
   *     repeat
   */
  public TaskResultsBuilder token(String token) {
    if (token == null || !token.matches("[!-~]+"))
      throw invalid("token", "must be printable ASCII without spaces");
    headers.discardAll(AUTHORIZATION);
    headers.put(AUTHORIZATION, "Bearer " + token);
    return this;
  }

  /**
   * Speaks TLS, and trusts the authorities that the Java runtime trusts. Without it, everything is
   * plain text.
   *
   * @return this
   */
  public TaskResultsBuilder tls() {
    return credentials(TlsChannelCredentials.create());
  }

  /**
   * Speaks TLS with settings of the caller's, such as another authority or a certificate of the
   * client.
   *
   * @param credentials as gRPC takes them
   * @return this
   */
  public TaskResultsBuilder credentials(ChannelCredentials credentials) {
    this.credentials = credentials;
    return this;
  }

  /**
   * Whether the server is called through the proxy that the system properties
   * {@code https.proxyHost} and {@code https.proxyPort} name, unless it is loopback or listed in
   * {@code http.nonProxyHosts}.
   *
   * @param isUsed true unless given; false: the server is always called directly
   * @return this
   */
  public TaskResultsBuilder proxy(boolean isUsed) {
    this.usesProxy = isUsed;
    return this;
  }

  /**
   * The time that a call may take, all its tries together. A try that is never answered ends after
   * 24 days at the latest.
   *
   * @param deadline 10 s unless given
   * @return this
   */
  public TaskResultsBuilder deadline(Duration deadline) {
    this.deadline = deadline;
    return this;
  }

  /**
   * How long a watch may be silent before the server sends a heartbeat. A watch that is silent for
   * three times as long counts as dead, and is opened again.
   *
   * @param interval 1 s to 60 s; 15 s unless given
   * @return this
   * @throws TaskResultsException.InvalidField when it is shorter or longer
   */
  public TaskResultsBuilder heartbeat(Duration interval) {
    if (interval.compareTo(MIN_HEARTBEAT) < 0 || interval.compareTo(MAX_HEARTBEAT) > 0)
      throw invalid("heartbeat", "must be 1 s to 60 s");
    this.heartbeat = interval;
    return this;
  }

  /**
   * The client. It connects at its first call.
   *
   * @return the client, to be closed
   * @throws TaskResultsException.InvalidField when no transport at hand can reach such a target, as
   *     with a Unix socket where there is no Linux
   */
  public TaskResults build() {
    ManagedChannelBuilder<?> channel = channel();
    // Otherwise the path would be sent as the name of a host, which servers refuse.
    if (target.startsWith("unix:")) channel.overrideAuthority("localhost");
    if (!usesProxy) channel.proxyDetector(server -> null);
    Connection connection = new Connection(channel, headers);
    return new TaskResults(
        new AsyncTaskResults(connection, Patience.repeating(deadline), heartbeat));
  }

  private ManagedChannelBuilder<?> channel() {
    try {
      return Grpc.newChannelBuilder(target, credentials);
    } catch (ManagedChannelProvider.ProviderNotFoundException e) {
      throw invalid("target", "no transport of gRPC at hand can reach it: " + e.getMessage());
    }
  }

  private static TaskResultsException invalid(String setting, String rule) {
    return new Failure(
            "INVALID_FIELD",
            Status.Code.INVALID_ARGUMENT,
            setting + ": " + rule,
            List.of(setting),
            null)
        .toException();
  }
}
