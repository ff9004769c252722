package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A call that is made again for as long as its patience lasts. */
final class UnaryCall<Q extends Message, A, R> extends RepeatedCall<A, R> {
  /** No pause is shorter, and no further try has less time. */
  private static final Duration MIN_SPAN = Duration.ofMillis(100);

  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> meaning;
  private final Patience patience;
  private final Deadline deadline;

  UnaryCall(
      Connection connection,
      MethodDescriptor<Q, A> method,
      Q request,
      Function<A, R> meaning,
      Patience patience) {
    super(connection);
    this.method = method;
    this.request = request;
    this.meaning = meaning;
    this.patience = patience;
    this.deadline = Deadline.in(patience.inAll());
  }

  @Override
  protected CompletableFuture<A> ask() {
    return connection.ask(method, request, Deadline.shorter(deadline.left(), patience.oneTry()));
  }

  @Override
  protected void answered(A answer) {
    succeed(meaning.apply(answer));
  }

  /**
   * A pause that would leave no time for another try is shortened, though not below what the server
   * asks for.
   */
  @Override
  protected void failed(TaskResultsException failure, Duration pause) {
    Duration left = deadline.left();
    Duration soonest = Deadline.longer(MIN_SPAN, failure.failure().retryDelay());
    Duration fitting = Deadline.longer(soonest, Deadline.shorter(pause, left.dividedBy(2)));
    boolean isOutlived = patience.outlives().test(failure.failure());
    if (isOutlived && fitting.plus(MIN_SPAN).compareTo(left) <= 0) attemptAfter(fitting);
    else fail(failure);
  }
}
