package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The link to the service, which comes back by itself, and the threads that work on it. */
final class Connection implements AutoCloseable {
  /** The longest time that every server understands: in Node, a timer of 25 days is due at once. */
  static final Duration MAX_TRY = Duration.ofDays(24);

  private static final long CLOSING_SECONDS = 5;

  private final Threads threads = new Threads();
  private final ManagedChannel channel;
  private final Channel calls;
  private volatile boolean isClosed;

  Connection(ManagedChannelBuilder<?> builder, Metadata headers) {
    channel = builder
        .executor(threads.workers())
        // A link that died without a word is noticed by those who wait on it.
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        // The service bounds its answers itself, and one result may be larger than the 4 MiB that
        // gRPC takes by default.
        .maxInboundMessageSize(Integer.MAX_VALUE)
        .build();
    calls =
        ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  boolean isClosed() {
    return isClosed;
  }

  /** One try. Cancelling the future cancels the call. */
  <Q extends Message, A> CompletableFuture<A> ask(
      MethodDescriptor<Q, A> method, Q request, Duration deadline) {
    CompletableFuture<A> answer = new CompletableFuture<>();
    if (isClosed) {
      answer.completeExceptionally(closed().toException());
      return answer;
    }
    LoneSurrogates.refuseIn(request);
    long nanos =
        Deadline.longer(Duration.ZERO, Deadline.shorter(deadline, MAX_TRY)).toNanos();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(nanos, TimeUnit.NANOSECONDS);
    ClientCall<Q, A> call = calls.newCall(method, options);
    ClientCalls.asyncUnaryCall(call, request, new Completing<>(answer));
    answer.whenComplete((value, thrown) -> {
      if (answer.isCancelled()) call.cancel("no longer wanted", null);
    });
    return answer;
  }

  /** A stream without a deadline, to be started by the caller. */
  <Q, A> ClientCall<Q, A> stream(MethodDescriptor<Q, A> method) {
    return calls.newCall(method, CallOptions.DEFAULT);
  }

  /** What has become of a call that ended this way, and was made in this context. */
  Failure failureOf(Throwable thrown, Context context) {
    if (isClosed) return closed();
    Failure failure = Failure.of(thrown);
    return context.isCancelled() ? failure.byCaller() : failure;
  }

  static Failure closed() {
    return new Failure(Status.Code.CANCELLED, "the client is closed");
  }

  /**
   * Runs a task after a pause, or at once when the client is closed, in the context of whoever asks
   * for it. By then, an unreachable server is tried again.
   */
  void afterPause(Duration pause, Runnable task) {
    Runnable inContext = Context.current().wrap(task);
    threads.later(pause, () -> {
      channel.resetConnectBackoff();
      inContext.run();
    });
  }

  /** Runs a task after a while, or at once when the client is closed. */
  Threads.Timer later(Duration delay, Runnable task) {
    return threads.later(delay, task);
  }

  /** The link seems dead, though nothing says so: further calls take a new one. */
  void abandonLink() {
    channel.enterIdle();
  }

  @Override
  public void close() {
    isClosed = true;
    channel.shutdownNow();
    threads.hurry();
    boolean interrupted = false;
    try {
      channel.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    threads.end();
    if (interrupted) Thread.currentThread().interrupt();
  }

  private final class Completing<A> implements StreamObserver<A> {
    private final Context context = Context.current();
    private final CompletableFuture<A> answer;

    Completing(CompletableFuture<A> answer) {
      this.answer = answer;
    }

    @Override
    public void onNext(A value) {
      answer.complete(value);
    }

    @Override
    public void onError(Throwable thrown) {
      answer.completeExceptionally(failureOf(thrown, context).toException());
    }

    @Override
    public void onCompleted() {}
  }
}
