package io.taskresults.client;

import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.taskresults.v1.KnownTaskResult;
import io.taskresults.v1.TaskResultServiceGrpc;
import io.taskresults.v1.WatchTaskResultsRequest;
import io.taskresults.v1.WatchTaskResultsResponse;
import java.time.Duration;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * One watch of one result, over as many streams as it takes. Events are read from the stream only
 * on demand, so that a slow subscriber skips versions on the server's side instead of piling them
 * up here.
 *
 * <p>Everything runs in one SynchronizationContext, one step at a time. What belongs to an earlier
 * stream is ignored.
 */
final class WatchSubscription implements Flow.Subscription {
  private static final int SILENT_HEARTBEATS = 3;

  private final Connection connection;
  private final String id;
  private final Duration heartbeat;
  private final Function<io.taskresults.v1.TaskResult, TaskResult> handle;
  private final Flow.Subscriber<? super TaskResult> subscriber;
  /** The caller's, which also ends later streams. */
  private final Context context = Context.current();

  private final SynchronizationContext turns;
  private final Pauses pauses = new Pauses();
  private final RetryRule.StreamRule rule = new RetryRule.StreamRule();

  private TaskResultVersion known;
  private long demand;
  private boolean hasBegun;
  private boolean isOver;
  private Stream stream;

  WatchSubscription(
      Connection connection,
      String id,
      TaskResultVersion known,
      Duration heartbeat,
      Function<io.taskresults.v1.TaskResult, TaskResult> handle,
      Flow.Subscriber<? super TaskResult> subscriber) {
    this.connection = connection;
    this.id = id;
    this.known = known;
    this.heartbeat = heartbeat;
    this.handle = handle;
    this.subscriber = subscriber;
    turns = new SynchronizationContext((thread, thrown) -> fail(thrown));
  }

  @Override
  public void request(long count) {
    turns.execute(() -> {
      if (isOver) return;
      if (count <= 0) {
        fail(new IllegalArgumentException("a subscriber must request more than " + count));
        return;
      }
      demand = demand + count < 0 ? Long.MAX_VALUE : demand + count;
      if (!hasBegun) {
        hasBegun = true;
        open();
      } else if (stream != null) {
        stream.read();
      }
    });
  }

  @Override
  public void cancel() {
    turns.execute(this::end);
  }

  private void open() {
    if (isOver) return;
    if (connection.isClosed()) {
      fail(Connection.closed().toException());
      return;
    }
    context.run(() -> {
      stream = new Stream();
      stream.open();
    });
  }

  private void reopenAfter(Duration pause) {
    stream = null;
    connection.afterPause(pause, () -> turns.execute(this::open));
  }

  private void received(WatchTaskResultsResponse response) {
    switch (response.getEventCase()) {
      case SNAPSHOT -> learn(response.getSnapshot());
      case DELETED, NOT_FOUND -> {
        leave();
        fail(missing("no task result has the id \"" + id + "\""));
        return;
      }
      case END -> {
        if (response.getEnd().getReason()
            == WatchTaskResultsResponse.End.Reason.REASON_ALL_FINISHED) complete();
        else reopenAfter(pauses.next());
        return;
      }
      default -> {} // a sign of life
    }
    rule.reset();
    pauses.reset();
  }

  private void learn(io.taskresults.v1.TaskResult result) {
    TaskResultVersion version = TaskResultVersion.of(result);
    if (version.compareTo(known) <= 0) return;
    if (known.incarnation() != 0 && version.incarnation() != known.incarnation()) {
      fail(missing("task result \"" + id + "\" was deleted, and created anew"));
      return;
    }
    known = version;
    demand--;
    TaskResult state = handle.apply(result);
    subscriber.onNext(state);
    if (state.isFinished()) complete();
  }

  private TaskResultsException missing(String message) {
    return new Failure("TASK_RESULT_DOES_NOT_EXIST", Status.Code.NOT_FOUND, message).toException();
  }

  private void complete() {
    if (isOver) return;
    isOver = true;
    leave();
    subscriber.onComplete();
  }

  /**
   * The server ends the stream by itself, and what ends so costs both less than what is cut off. It
   * goes on only with a result that has been created anew under the id.
   */
  private void leave() {
    stream.drain();
    stream = null;
  }

  private void fail(Throwable failure) {
    if (isOver) return;
    end();
    subscriber.onError(failure);
  }

  private void end() {
    isOver = true;
    if (stream != null) stream.cancel();
    stream = null;
  }

  private WatchTaskResultsRequest watchRequest() {
    KnownTaskResult result =
        KnownTaskResult.newBuilder().setId(id).setKnown(known.toProto()).build();
    return WatchTaskResultsRequest.newBuilder()
        .setIds(WatchTaskResultsRequest.Ids.newBuilder().addTaskResults(result))
        .setHeartbeatInterval(ProtoTime.duration(heartbeat))
        .build();
  }

  /** One stream of the watch. */
  private final class Stream extends ClientCall.Listener<WatchTaskResultsResponse> {
    private final ClientCall<WatchTaskResultsRequest, WatchTaskResultsResponse> call =
        connection.stream(TaskResultServiceGrpc.getWatchTaskResultsMethod());
    private boolean isReading;
    private Threads.Timer silence;

    void open() {
      WatchTaskResultsRequest request = watchRequest();
      LoneSurrogates.refuseIn(request);
      call.start(this, new Metadata());
      call.sendMessage(request);
      call.halfClose();
      read();
    }

    /**
     * Asks for one event, if the subscriber wants one. A stream that is not read may be dead or
     * not: nothing shows it.
     */
    void read() {
      if (isReading || demand == 0) return;
      isReading = true;
      silence = connection.later(
          heartbeat.multipliedBy(SILENT_HEARTBEATS), () -> turns.execute(this::goneSilent));
      call.request(1);
    }

    /** Takes whatever still comes, for the stream to end. */
    void drain() {
      call.request(Integer.MAX_VALUE);
    }

    void cancel() {
      stopReading();
      call.cancel("no longer wanted", null);
    }

    @Override
    public void onMessage(WatchTaskResultsResponse response) {
      turns.execute(() -> {
        if (stream != this) {
          if (!response.hasEnd()) cancel();
          return;
        }
        stopReading();
        received(response);
        if (stream == this) read();
      });
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      turns.execute(() -> {
        if (stream != this) return;
        stopReading();
        if (status.isOk()) reopenAfter(pauses.next());
        else failed(connection.failureOf(status.asRuntimeException(trailers), context));
      });
    }

    private void failed(Failure failure) {
      if (rule.isWorthReopening(failure)) reopenAfter(pauses.next(failure));
      else fail(failure.toException());
    }

    private void goneSilent() {
      if (stream != this || !isReading) return;
      cancel();
      connection.abandonLink();
      reopenAfter(pauses.next());
    }

    private void stopReading() {
      isReading = false;
      if (silence != null) silence.cancel();
    }
  }
}
