package io.taskresults.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Grpc;
import io.grpc.HandlerRegistry;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Hands calls on to a server, counts them, and can refuse or keep some of them. */
final class Relay implements AutoCloseable {
  /** What happens to a call. */
  interface Gate {
    /** Handed on. */
    Status PASS = Status.OK;

    /** Never answered. */
    Status KEEP = Status.CANCELLED;

    /**
     * May take its time.
     *
     * @param number which call of its method it is, counted from 1
     * @return PASS, KEEP, or the status that the client gets instead, with the trailers of its
     *     cause
     */
    Status meet(int number) throws InterruptedException;
  }

  private final ManagedChannel target;
  private final io.grpc.Server entrance;
  private final Map<String, Gate> gates = new ConcurrentHashMap<>();
  private final Map<String, Gate> answerGates = new ConcurrentHashMap<>();
  private final Map<String, List<Long>> calls = new ConcurrentHashMap<>();

  Relay(Server server) throws IOException {
    target = Grpc.newChannelBuilder(server.address(), InsecureChannelCredentials.create())
        .maxInboundMessageSize(Integer.MAX_VALUE)
        .build();
    entrance = Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
        .maxInboundMessageSize(Integer.MAX_VALUE)
        .fallbackHandlerRegistry(new AnyMethod())
        .build()
        .start();
  }

  String address() {
    return "127.0.0.1:" + entrance.getPort();
  }

  /** Asked before anything of a call is handed on. */
  void at(String method, Gate gate) {
    gates.put(method, gate);
  }

  /** Asked before anything of an answer is handed back. */
  void atAnswers(String method, Gate gate) {
    answerGates.put(method, gate);
  }

  int calls(String method) {
    return secondsLeft(method).size();
  }

  /** For each call of a method, the time that the client gave it, in seconds; -1 for no limit. */
  List<Long> secondsLeft(String method) {
    return calls.computeIfAbsent(method, name -> new CopyOnWriteArrayList<>());
  }

  @Override
  public void close() {
    entrance.shutdownNow();
    target.shutdownNow();
  }

  private ServerCall.Listener<byte[]> arrived(ServerCall<byte[], byte[]> call, Metadata headers) {
    String method = call.getMethodDescriptor().getBareMethodName();
    Deadline deadline = Context.current().getDeadline();
    int number;
    synchronized (this) {
      secondsLeft(method).add(deadline == null ? -1 : deadline.timeRemaining(TimeUnit.SECONDS));
      number = calls(method);
    }
    Status fate = fate(gates, method, number);
    if (fate == Gate.PASS) return handOn(call, headers, number);
    if (fate != Gate.KEEP) call.close(fate, trailersOf(fate));
    return new ServerCall.Listener<>() {};
  }

  private static Metadata trailersOf(Status fate) {
    Metadata trailers =
        fate.getCause() == null ? null : Status.trailersFromThrowable(fate.getCause());
    return trailers == null ? new Metadata() : trailers;
  }

  private static Status fate(Map<String, Gate> gates, String method, int number) {
    try {
      return gates.getOrDefault(method, any -> Gate.PASS).meet(number);
    } catch (InterruptedException closed) {
      return Status.UNAVAILABLE;
    }
  }

  private ServerCall.Listener<byte[]> handOn(
      ServerCall<byte[], byte[]> call, Metadata headers, int number) {
    String method = call.getMethodDescriptor().getBareMethodName();
    ClientCall<byte[], byte[]> onward =
        target.newCall(call.getMethodDescriptor(), CallOptions.DEFAULT);
    onward.start(
        new ClientCall.Listener<>() {
          private Status fate;

          @Override
          public void onHeaders(Metadata received) {
            fate = fate(answerGates, method, number);
            if (fate == Gate.PASS) call.sendHeaders(received);
            else if (fate != Gate.KEEP) call.close(fate, trailersOf(fate));
          }

          @Override
          public void onMessage(byte[] message) {
            if (fate == Gate.PASS) call.sendMessage(message);
            onward.request(1);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            if (fate == null || fate == Gate.PASS) call.close(status, trailers);
          }
        },
        headers);
    onward.request(1);
    call.request(1);
    return new ServerCall.Listener<>() {
      @Override
      public void onMessage(byte[] message) {
        onward.sendMessage(message);
        call.request(1);
      }

      @Override
      public void onHalfClose() {
        onward.halfClose();
      }

      @Override
      public void onCancel() {
        onward.cancel("no longer wanted", null);
      }
    };
  }

  private final class AnyMethod extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
      var method = MethodDescriptor.newBuilder(new Bytes(), new Bytes())
          .setFullMethodName(name)
          .setType(MethodDescriptor.MethodType.UNKNOWN)
          .build();
      return ServerMethodDefinition.create(method, Relay.this::arrived);
    }
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
