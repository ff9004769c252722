package io.taskresults.client;

import com.google.protobuf.Message;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** A call that is made again for as long as its patience lasts. */
final class UnaryCall<Q extends Message, A, R> extends RepeatedCall<A, R> {
  /** What is left of the time for the last try, unless that is more than a quarter. */
  private static final Duration MAX_LAST_TRY = Duration.ofSeconds(1);

  /** A server's own DEADLINE_EXCEEDED may come so much before the deadline, by its clock. */
  private static final Duration MAX_EARLY = Duration.ofMillis(100);

  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Function<A, R> meaning;
  private final Patience patience;
  private final Deadline deadline;
  private final Duration lastTry;
  private TaskResultsException before;

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
   * However long the pause should be, the last try is made before the time is over, if the server
   * takes one then. A try that the deadline has ended tells less than the failure before it.
   */
  @Override
  protected void failed(TaskResultsException told, Duration pause) {
    Failure failure = told.failure();
    Duration left = deadline.left();
    Duration longest = left.minus(lastTry);
    boolean isEnded = failure.code() == Status.Code.DEADLINE_EXCEEDED
        && failure.origin() != Failure.Origin.HERE
        && left.compareTo(MAX_EARLY) < 0;
    if (isEnded && before != null) fail(before);
    else if (longest.compareTo(failure.retryDelay()) > 0 && patience.outlives().test(failure)) {
      before = told;
      attemptAfter(Deadline.shorter(pause, longest));
    } else fail(told);
  }
}
