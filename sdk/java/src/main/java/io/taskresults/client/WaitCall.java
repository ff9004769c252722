package io.taskresults.client;

import io.grpc.Status;
import io.taskresults.v1.TaskResultServiceGrpc;
import io.taskresults.v1.WaitTaskResultRequest;
import io.taskresults.v1.WaitTaskResultResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A wait for one result to be finished, in rounds that the server ends by itself: a stream that a
 * client cuts off costs both more than one that ends.
 */
final class WaitCall<R> extends RepeatedCall<WaitTaskResultResponse, R> {
  private static final Duration MAX_ROUND = Duration.ofSeconds(30);

  /** How late an answer may come: all the time that it has when the wait is of no time at all. */
  private static final Duration MAX_LATENESS = Duration.ofSeconds(2);

  private final String id;
  private final Deadline end;
  private final Duration grace;
  private final Function<io.taskresults.v1.TaskResult, R> meaning;
  private final RetryRule.StreamRule rule = new RetryRule.StreamRule();

  /** The grace is the time that a server has for its answer once a round is over. */
  WaitCall(
      Connection connection,
      String id,
      Deadline end,
      Duration grace,
      Function<io.taskresults.v1.TaskResult, R> meaning) {
    super(connection);
    this.id = id;
    this.end = end;
    this.grace = Deadline.shorter(grace, Connection.MAX_TRY);
    this.meaning = meaning;
  }

  @Override
  protected CompletableFuture<WaitTaskResultResponse> ask() {
    Duration left = end.left();
    Duration round = Deadline.shorter(left, MAX_ROUND);
    Duration oneTry = Deadline.shorter(round.plus(grace), left.plus(MAX_LATENESS));
    WaitTaskResultRequest request = WaitTaskResultRequest.newBuilder()
        .setId(id)
        .setTimeout(ProtoTime.duration(round))
        .build();
    return connection.ask(TaskResultServiceGrpc.getWaitTaskResultMethod(), request, oneTry);
  }

  @Override
  protected void answered(WaitTaskResultResponse answer) {
    if (!answer.getTimedOut()) succeed(meaning.apply(answer.getTaskResult()));
    else if (end.isOver()) fail(timedOut(null));
    else {
      rule.reset();
      pauses.reset();
      attempt();
    }
  }

  @Override
  protected void failed(TaskResultsException failure, Duration pause) {
    if (!isOutlived(failure.failure())) fail(failure);
    else if (end.isOver()) fail(timedOut(failure));
    else if (end.left().compareTo(failure.failure().retryDelay()) >= 0)
      attemptAfter(Deadline.shorter(pause, end.left()));
    else giveUpAfter(end.left(), failure);
  }

  /** Without another look, for which the server asks for more time than is left. */
  private void giveUpAfter(Duration pause, TaskResultsException failure) {
    connection.afterPause(
        pause,
        () -> fail(connection.isClosed() ? Connection.closed().toException() : timedOut(failure)));
  }

  /** A round that was not answered in its own time is no failure of the wait. */
  private boolean isOutlived(Failure failure) {
    boolean isRoundOver =
        failure.code() == Status.Code.DEADLINE_EXCEEDED && failure.origin() != Failure.Origin.HERE;
    return isRoundOver || rule.isWorthReopening(failure);
  }

  private TaskResultsException timedOut(TaskResultsException cause) {
    String message = "task result \"" + id + "\" was not finished in time";
    return new Failure("WAIT_TIMED_OUT", Status.Code.DEADLINE_EXCEEDED, message, List.of(), cause)
        .toException();
  }
}
