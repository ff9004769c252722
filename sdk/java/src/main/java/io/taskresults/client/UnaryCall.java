package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A call that is made again for as long as its patience lasts. */
final class UnaryCall<Q extends Message, A, R> extends RepeatedCall<A, R> {
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

  @Override
  protected void failed(TaskResultsException failure, Duration pause) {
    boolean isOutlived = patience.outlives().test(failure.failure());
    if (isOutlived && pause.compareTo(deadline.left()) < 0) attemptAfter(pause);
    else fail(failure);
  }
}
