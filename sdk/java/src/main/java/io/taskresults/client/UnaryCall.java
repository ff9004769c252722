package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A call that is made again for as long as its patience lasts. */
final class UnaryCall<Q extends Message, A, R> extends RepeatedCall<A, R> {
  /** What is left of the time for the last try, unless that is more than a quarter. */
  private static final Duration MAX_LAST_TRY = Duration.ofSeconds(1);

  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> meaning;
  private final Patience patience;
  private final Deadline deadline;
  private final Duration lastTry;

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
    this.lastTry = Deadline.shorter(patience.inAll().dividedBy(4), MAX_LAST_TRY);
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
   * However long the pause should be, the last try is made before the time is over, unless the
   * server asks for a longer one.
   */
  @Override
  protected void failed(TaskResultsException told, Duration pause) {
    Failure failure = told.failure();
    Duration spare = deadline.left().minus(lastTry);
    boolean leavesTime = spare.compareTo(failure.retryDelay()) > 0;
    if (leavesTime && patience.outlives().test(failure))
      attemptAfter(Deadline.shorter(pause, spare));
    else fail(told);
  }
}
