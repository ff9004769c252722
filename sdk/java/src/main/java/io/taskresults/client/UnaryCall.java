package io.taskresults.client;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A call with a deadline for all its tries together. It is repeated while the service is
 * unavailable, unless the second try could not be told apart from the first.
 */
final class UnaryCall<Q, A, R> extends RepeatedCall<A, R> {
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> meaning;
  private final boolean isRepeatable;
  private final Deadline deadline;

  UnaryCall(
      Connection connection,
      MethodDescriptor<Q, A> method,
      Q request,
      Function<A, R> meaning,
      Duration deadline,
      boolean isRepeatable) {
    super(connection);
    this.method = method;
    this.request = request;
    this.meaning = meaning;
    this.isRepeatable = isRepeatable;
    this.deadline = Deadline.in(deadline);
  }

  @Override
  protected CompletableFuture<A> ask() {
    return connection.ask(method, request, deadline.left());
  }

  @Override
  protected void answered(A answer) {
    succeed(meaning.apply(answer));
  }

  @Override
  protected void failed(TaskResultsException failure, Duration pause) {
    boolean mayPass = isRepeatable && failure.code() == Status.Code.UNAVAILABLE;
    if (mayPass && pause.compareTo(deadline.left()) < 0) attemptAfter(pause);
    else fail(failure);
  }
}
