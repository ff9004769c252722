package io.taskresults.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Reports what becomes of tasks.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TaskLifecycleServiceGrpc {

  private TaskLifecycleServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "taskresults.v1.TaskLifecycleService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.CreateTaskResultRequest,
      io.taskresults.v1.CreateTaskResultResponse> getCreateTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "CreateTaskResult",
      requestType = io.taskresults.v1.CreateTaskResultRequest.class,
      responseType = io.taskresults.v1.CreateTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.CreateTaskResultRequest,
      io.taskresults.v1.CreateTaskResultResponse> getCreateTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.CreateTaskResultRequest, io.taskresults.v1.CreateTaskResultResponse> getCreateTaskResultMethod;
    if ((getCreateTaskResultMethod = TaskLifecycleServiceGrpc.getCreateTaskResultMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getCreateTaskResultMethod = TaskLifecycleServiceGrpc.getCreateTaskResultMethod) == null) {
          TaskLifecycleServiceGrpc.getCreateTaskResultMethod = getCreateTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.CreateTaskResultRequest, io.taskresults.v1.CreateTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "CreateTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.CreateTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.CreateTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("CreateTaskResult"))
              .build();
        }
      }
    }
    return getCreateTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.StartAttemptRequest,
      io.taskresults.v1.StartAttemptResponse> getStartAttemptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "StartAttempt",
      requestType = io.taskresults.v1.StartAttemptRequest.class,
      responseType = io.taskresults.v1.StartAttemptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.StartAttemptRequest,
      io.taskresults.v1.StartAttemptResponse> getStartAttemptMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.StartAttemptRequest, io.taskresults.v1.StartAttemptResponse> getStartAttemptMethod;
    if ((getStartAttemptMethod = TaskLifecycleServiceGrpc.getStartAttemptMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getStartAttemptMethod = TaskLifecycleServiceGrpc.getStartAttemptMethod) == null) {
          TaskLifecycleServiceGrpc.getStartAttemptMethod = getStartAttemptMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.StartAttemptRequest, io.taskresults.v1.StartAttemptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "StartAttempt"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.StartAttemptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.StartAttemptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("StartAttempt"))
              .build();
        }
      }
    }
    return getStartAttemptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.RenewLeaseRequest,
      io.taskresults.v1.RenewLeaseResponse> getRenewLeaseMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RenewLease",
      requestType = io.taskresults.v1.RenewLeaseRequest.class,
      responseType = io.taskresults.v1.RenewLeaseResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.RenewLeaseRequest,
      io.taskresults.v1.RenewLeaseResponse> getRenewLeaseMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.RenewLeaseRequest, io.taskresults.v1.RenewLeaseResponse> getRenewLeaseMethod;
    if ((getRenewLeaseMethod = TaskLifecycleServiceGrpc.getRenewLeaseMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getRenewLeaseMethod = TaskLifecycleServiceGrpc.getRenewLeaseMethod) == null) {
          TaskLifecycleServiceGrpc.getRenewLeaseMethod = getRenewLeaseMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.RenewLeaseRequest, io.taskresults.v1.RenewLeaseResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RenewLease"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RenewLeaseRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RenewLeaseResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("RenewLease"))
              .build();
        }
      }
    }
    return getRenewLeaseMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.FinishAttemptRequest,
      io.taskresults.v1.FinishAttemptResponse> getFinishAttemptMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FinishAttempt",
      requestType = io.taskresults.v1.FinishAttemptRequest.class,
      responseType = io.taskresults.v1.FinishAttemptResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.FinishAttemptRequest,
      io.taskresults.v1.FinishAttemptResponse> getFinishAttemptMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.FinishAttemptRequest, io.taskresults.v1.FinishAttemptResponse> getFinishAttemptMethod;
    if ((getFinishAttemptMethod = TaskLifecycleServiceGrpc.getFinishAttemptMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getFinishAttemptMethod = TaskLifecycleServiceGrpc.getFinishAttemptMethod) == null) {
          TaskLifecycleServiceGrpc.getFinishAttemptMethod = getFinishAttemptMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.FinishAttemptRequest, io.taskresults.v1.FinishAttemptResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FinishAttempt"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.FinishAttemptRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.FinishAttemptResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("FinishAttempt"))
              .build();
        }
      }
    }
    return getFinishAttemptMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.FailTaskResultRequest,
      io.taskresults.v1.FailTaskResultResponse> getFailTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "FailTaskResult",
      requestType = io.taskresults.v1.FailTaskResultRequest.class,
      responseType = io.taskresults.v1.FailTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.FailTaskResultRequest,
      io.taskresults.v1.FailTaskResultResponse> getFailTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.FailTaskResultRequest, io.taskresults.v1.FailTaskResultResponse> getFailTaskResultMethod;
    if ((getFailTaskResultMethod = TaskLifecycleServiceGrpc.getFailTaskResultMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getFailTaskResultMethod = TaskLifecycleServiceGrpc.getFailTaskResultMethod) == null) {
          TaskLifecycleServiceGrpc.getFailTaskResultMethod = getFailTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.FailTaskResultRequest, io.taskresults.v1.FailTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "FailTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.FailTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.FailTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("FailTaskResult"))
              .build();
        }
      }
    }
    return getFailTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.DeleteTaskResultRequest,
      io.taskresults.v1.DeleteTaskResultResponse> getDeleteTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "DeleteTaskResult",
      requestType = io.taskresults.v1.DeleteTaskResultRequest.class,
      responseType = io.taskresults.v1.DeleteTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.DeleteTaskResultRequest,
      io.taskresults.v1.DeleteTaskResultResponse> getDeleteTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.DeleteTaskResultRequest, io.taskresults.v1.DeleteTaskResultResponse> getDeleteTaskResultMethod;
    if ((getDeleteTaskResultMethod = TaskLifecycleServiceGrpc.getDeleteTaskResultMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getDeleteTaskResultMethod = TaskLifecycleServiceGrpc.getDeleteTaskResultMethod) == null) {
          TaskLifecycleServiceGrpc.getDeleteTaskResultMethod = getDeleteTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.DeleteTaskResultRequest, io.taskresults.v1.DeleteTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "DeleteTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.DeleteTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.DeleteTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("DeleteTaskResult"))
              .build();
        }
      }
    }
    return getDeleteTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.RecordTransitionsRequest,
      io.taskresults.v1.RecordTransitionsResponse> getRecordTransitionsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RecordTransitions",
      requestType = io.taskresults.v1.RecordTransitionsRequest.class,
      responseType = io.taskresults.v1.RecordTransitionsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.RecordTransitionsRequest,
      io.taskresults.v1.RecordTransitionsResponse> getRecordTransitionsMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.RecordTransitionsRequest, io.taskresults.v1.RecordTransitionsResponse> getRecordTransitionsMethod;
    if ((getRecordTransitionsMethod = TaskLifecycleServiceGrpc.getRecordTransitionsMethod) == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        if ((getRecordTransitionsMethod = TaskLifecycleServiceGrpc.getRecordTransitionsMethod) == null) {
          TaskLifecycleServiceGrpc.getRecordTransitionsMethod = getRecordTransitionsMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.RecordTransitionsRequest, io.taskresults.v1.RecordTransitionsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.BIDI_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RecordTransitions"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RecordTransitionsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RecordTransitionsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskLifecycleServiceMethodDescriptorSupplier("RecordTransitions"))
              .build();
        }
      }
    }
    return getRecordTransitionsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TaskLifecycleServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceStub>() {
        @java.lang.Override
        public TaskLifecycleServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskLifecycleServiceStub(channel, callOptions);
        }
      };
    return TaskLifecycleServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TaskLifecycleServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceBlockingV2Stub>() {
        @java.lang.Override
        public TaskLifecycleServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskLifecycleServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TaskLifecycleServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TaskLifecycleServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceBlockingStub>() {
        @java.lang.Override
        public TaskLifecycleServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskLifecycleServiceBlockingStub(channel, callOptions);
        }
      };
    return TaskLifecycleServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TaskLifecycleServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskLifecycleServiceFutureStub>() {
        @java.lang.Override
        public TaskLifecycleServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskLifecycleServiceFutureStub(channel, callOptions);
        }
      };
    return TaskLifecycleServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Registers a task that has been enqueued: - -&gt; READY.
     * The same id and the same content again: OK, and the state of the existing result, whatever has become of it since.
     * ALREADY_EXISTS: same id, other content [TASK_RESULT_EXISTS].
     * </pre>
     */
    default void createTaskResult(io.taskresults.v1.CreateTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.CreateTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getCreateTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * A worker takes the task: READY -&gt; RUNNING. Also RUNNING -&gt; RUNNING when the lease of the running attempt has
     * expired, or with `force`: then the lost attempt leaves a TaskError. If it was the last that the AttemptPolicy
     * allows, its loss is final: the result becomes FAILED, and the call ends with ILLEGAL_TRANSITION, as each repetition
     * does.
     * The same `request_id` again: OK, and the same attempt. Nothing changes, whatever has become of the attempt since:
     * also when it has been finished, for as long as no other attempt has been started. Run the task only if the returned
     * state is RUNNING.
     * FAILED_PRECONDITION: another attempt is running [ATTEMPT_IN_PROGRESS]; the result is finished, maybe since this
     * call found its last attempt lost [ILLEGAL_TRANSITION];
     * the attempt that this `request_id` started is over, and another has been started since [STALE_ATTEMPT].
     * </pre>
     */
    default void startAttempt(io.taskresults.v1.StartAttemptRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.StartAttemptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getStartAttemptMethod(), responseObserver);
    }

    /**
     * <pre>
     * The heartbeat of a worker: its lease now ends `lease` from now. Nothing of the TaskResult changes, so its revision
     * stays.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the result is not RUNNING, or has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    default void renewLease(io.taskresults.v1.RenewLeaseRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.RenewLeaseResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRenewLeaseMethod(), responseObserver);
    }

    /**
     * <pre>
     * A worker reports how its attempt ended: RUNNING -&gt; SUCCESSFUL, RUNNING -&gt; FAILED, or RUNNING -&gt; READY for another
     * attempt; RUNNING -&gt; FAILED in place of that after the last attempt that the AttemptPolicy allows. Accepted also
     * after the lease has expired, as long as no other attempt has been started.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the attempt has been finished in another way, or the result has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    default void finishAttempt(io.taskresults.v1.FinishAttemptRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.FinishAttemptResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFinishAttemptMethod(), responseObserver);
    }

    /**
     * <pre>
     * The task could not be started at all: READY -&gt; FAILED.
     * FAILED_PRECONDITION: the result is RUNNING or finished [ILLEGAL_TRANSITION].
     * </pre>
     */
    default void failTaskResult(io.taskresults.v1.FailTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.FailTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getFailTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * Removes a result in any state. Watches of it get the event `deleted`.
     * NOT_FOUND: no result has this id, and `allow_missing` is not set [TASK_RESULT_DOES_NOT_EXIST].
     * ABORTED: the result has another version than the one given [REVISION_MISMATCH].
     * </pre>
     */
    default void deleteTaskResult(io.taskresults.v1.DeleteTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.DeleteTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getDeleteTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * All of the above in bulk. Each message in holds one call or many, each message out one outcome or many, in any
     * order. A call that is refused does not affect the others. When the stream breaks, what was answered OK is durable:
     * repeat the rest, in the order in which it was sent. Transitions of one result are taken in that order. What the
     * broken stream had not begun is dropped, and what it had done is recognised: create, start and finish of one attempt
     * may all be repeated, however many of them were done, if the start has a `request_id`. A start without one then gets
     * ILLEGAL_TRANSITION or ATTEMPT_IN_PROGRESS.
     * </pre>
     */
    default io.grpc.stub.StreamObserver<io.taskresults.v1.RecordTransitionsRequest> recordTransitions(
        io.grpc.stub.StreamObserver<io.taskresults.v1.RecordTransitionsResponse> responseObserver) {
      return io.grpc.stub.ServerCalls.asyncUnimplementedStreamingCall(getRecordTransitionsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TaskLifecycleService.
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public static abstract class TaskLifecycleServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TaskLifecycleServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TaskLifecycleService.
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public static final class TaskLifecycleServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TaskLifecycleServiceStub> {
    private TaskLifecycleServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskLifecycleServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskLifecycleServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a task that has been enqueued: - -&gt; READY.
     * The same id and the same content again: OK, and the state of the existing result, whatever has become of it since.
     * ALREADY_EXISTS: same id, other content [TASK_RESULT_EXISTS].
     * </pre>
     */
    public void createTaskResult(io.taskresults.v1.CreateTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.CreateTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getCreateTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * A worker takes the task: READY -&gt; RUNNING. Also RUNNING -&gt; RUNNING when the lease of the running attempt has
     * expired, or with `force`: then the lost attempt leaves a TaskError. If it was the last that the AttemptPolicy
     * allows, its loss is final: the result becomes FAILED, and the call ends with ILLEGAL_TRANSITION, as each repetition
     * does.
     * The same `request_id` again: OK, and the same attempt. Nothing changes, whatever has become of the attempt since:
     * also when it has been finished, for as long as no other attempt has been started. Run the task only if the returned
     * state is RUNNING.
     * FAILED_PRECONDITION: another attempt is running [ATTEMPT_IN_PROGRESS]; the result is finished, maybe since this
     * call found its last attempt lost [ILLEGAL_TRANSITION];
     * the attempt that this `request_id` started is over, and another has been started since [STALE_ATTEMPT].
     * </pre>
     */
    public void startAttempt(io.taskresults.v1.StartAttemptRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.StartAttemptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getStartAttemptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The heartbeat of a worker: its lease now ends `lease` from now. Nothing of the TaskResult changes, so its revision
     * stays.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the result is not RUNNING, or has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public void renewLease(io.taskresults.v1.RenewLeaseRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.RenewLeaseResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRenewLeaseMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * A worker reports how its attempt ended: RUNNING -&gt; SUCCESSFUL, RUNNING -&gt; FAILED, or RUNNING -&gt; READY for another
     * attempt; RUNNING -&gt; FAILED in place of that after the last attempt that the AttemptPolicy allows. Accepted also
     * after the lease has expired, as long as no other attempt has been started.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the attempt has been finished in another way, or the result has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public void finishAttempt(io.taskresults.v1.FinishAttemptRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.FinishAttemptResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFinishAttemptMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * The task could not be started at all: READY -&gt; FAILED.
     * FAILED_PRECONDITION: the result is RUNNING or finished [ILLEGAL_TRANSITION].
     * </pre>
     */
    public void failTaskResult(io.taskresults.v1.FailTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.FailTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getFailTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Removes a result in any state. Watches of it get the event `deleted`.
     * NOT_FOUND: no result has this id, and `allow_missing` is not set [TASK_RESULT_DOES_NOT_EXIST].
     * ABORTED: the result has another version than the one given [REVISION_MISMATCH].
     * </pre>
     */
    public void deleteTaskResult(io.taskresults.v1.DeleteTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.DeleteTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getDeleteTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * All of the above in bulk. Each message in holds one call or many, each message out one outcome or many, in any
     * order. A call that is refused does not affect the others. When the stream breaks, what was answered OK is durable:
     * repeat the rest, in the order in which it was sent. Transitions of one result are taken in that order. What the
     * broken stream had not begun is dropped, and what it had done is recognised: create, start and finish of one attempt
     * may all be repeated, however many of them were done, if the start has a `request_id`. A start without one then gets
     * ILLEGAL_TRANSITION or ATTEMPT_IN_PROGRESS.
     * </pre>
     */
    public io.grpc.stub.StreamObserver<io.taskresults.v1.RecordTransitionsRequest> recordTransitions(
        io.grpc.stub.StreamObserver<io.taskresults.v1.RecordTransitionsResponse> responseObserver) {
      return io.grpc.stub.ClientCalls.asyncBidiStreamingCall(
          getChannel().newCall(getRecordTransitionsMethod(), getCallOptions()), responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TaskLifecycleService.
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public static final class TaskLifecycleServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TaskLifecycleServiceBlockingV2Stub> {
    private TaskLifecycleServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskLifecycleServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskLifecycleServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a task that has been enqueued: - -&gt; READY.
     * The same id and the same content again: OK, and the state of the existing result, whatever has become of it since.
     * ALREADY_EXISTS: same id, other content [TASK_RESULT_EXISTS].
     * </pre>
     */
    public io.taskresults.v1.CreateTaskResultResponse createTaskResult(io.taskresults.v1.CreateTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getCreateTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A worker takes the task: READY -&gt; RUNNING. Also RUNNING -&gt; RUNNING when the lease of the running attempt has
     * expired, or with `force`: then the lost attempt leaves a TaskError. If it was the last that the AttemptPolicy
     * allows, its loss is final: the result becomes FAILED, and the call ends with ILLEGAL_TRANSITION, as each repetition
     * does.
     * The same `request_id` again: OK, and the same attempt. Nothing changes, whatever has become of the attempt since:
     * also when it has been finished, for as long as no other attempt has been started. Run the task only if the returned
     * state is RUNNING.
     * FAILED_PRECONDITION: another attempt is running [ATTEMPT_IN_PROGRESS]; the result is finished, maybe since this
     * call found its last attempt lost [ILLEGAL_TRANSITION];
     * the attempt that this `request_id` started is over, and another has been started since [STALE_ATTEMPT].
     * </pre>
     */
    public io.taskresults.v1.StartAttemptResponse startAttempt(io.taskresults.v1.StartAttemptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getStartAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The heartbeat of a worker: its lease now ends `lease` from now. Nothing of the TaskResult changes, so its revision
     * stays.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the result is not RUNNING, or has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.RenewLeaseResponse renewLease(io.taskresults.v1.RenewLeaseRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRenewLeaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A worker reports how its attempt ended: RUNNING -&gt; SUCCESSFUL, RUNNING -&gt; FAILED, or RUNNING -&gt; READY for another
     * attempt; RUNNING -&gt; FAILED in place of that after the last attempt that the AttemptPolicy allows. Accepted also
     * after the lease has expired, as long as no other attempt has been started.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the attempt has been finished in another way, or the result has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.FinishAttemptResponse finishAttempt(io.taskresults.v1.FinishAttemptRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFinishAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The task could not be started at all: READY -&gt; FAILED.
     * FAILED_PRECONDITION: the result is RUNNING or finished [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.FailTaskResultResponse failTaskResult(io.taskresults.v1.FailTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getFailTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a result in any state. Watches of it get the event `deleted`.
     * NOT_FOUND: no result has this id, and `allow_missing` is not set [TASK_RESULT_DOES_NOT_EXIST].
     * ABORTED: the result has another version than the one given [REVISION_MISMATCH].
     * </pre>
     */
    public io.taskresults.v1.DeleteTaskResultResponse deleteTaskResult(io.taskresults.v1.DeleteTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getDeleteTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * All of the above in bulk. Each message in holds one call or many, each message out one outcome or many, in any
     * order. A call that is refused does not affect the others. When the stream breaks, what was answered OK is durable:
     * repeat the rest, in the order in which it was sent. Transitions of one result are taken in that order. What the
     * broken stream had not begun is dropped, and what it had done is recognised: create, start and finish of one attempt
     * may all be repeated, however many of them were done, if the start has a `request_id`. A start without one then gets
     * ILLEGAL_TRANSITION or ATTEMPT_IN_PROGRESS.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<io.taskresults.v1.RecordTransitionsRequest, io.taskresults.v1.RecordTransitionsResponse>
        recordTransitions() {
      return io.grpc.stub.ClientCalls.blockingBidiStreamingCall(
          getChannel(), getRecordTransitionsMethod(), getCallOptions());
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TaskLifecycleService.
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public static final class TaskLifecycleServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TaskLifecycleServiceBlockingStub> {
    private TaskLifecycleServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskLifecycleServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskLifecycleServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a task that has been enqueued: - -&gt; READY.
     * The same id and the same content again: OK, and the state of the existing result, whatever has become of it since.
     * ALREADY_EXISTS: same id, other content [TASK_RESULT_EXISTS].
     * </pre>
     */
    public io.taskresults.v1.CreateTaskResultResponse createTaskResult(io.taskresults.v1.CreateTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getCreateTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A worker takes the task: READY -&gt; RUNNING. Also RUNNING -&gt; RUNNING when the lease of the running attempt has
     * expired, or with `force`: then the lost attempt leaves a TaskError. If it was the last that the AttemptPolicy
     * allows, its loss is final: the result becomes FAILED, and the call ends with ILLEGAL_TRANSITION, as each repetition
     * does.
     * The same `request_id` again: OK, and the same attempt. Nothing changes, whatever has become of the attempt since:
     * also when it has been finished, for as long as no other attempt has been started. Run the task only if the returned
     * state is RUNNING.
     * FAILED_PRECONDITION: another attempt is running [ATTEMPT_IN_PROGRESS]; the result is finished, maybe since this
     * call found its last attempt lost [ILLEGAL_TRANSITION];
     * the attempt that this `request_id` started is over, and another has been started since [STALE_ATTEMPT].
     * </pre>
     */
    public io.taskresults.v1.StartAttemptResponse startAttempt(io.taskresults.v1.StartAttemptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getStartAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The heartbeat of a worker: its lease now ends `lease` from now. Nothing of the TaskResult changes, so its revision
     * stays.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the result is not RUNNING, or has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.RenewLeaseResponse renewLease(io.taskresults.v1.RenewLeaseRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRenewLeaseMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * A worker reports how its attempt ended: RUNNING -&gt; SUCCESSFUL, RUNNING -&gt; FAILED, or RUNNING -&gt; READY for another
     * attempt; RUNNING -&gt; FAILED in place of that after the last attempt that the AttemptPolicy allows. Accepted also
     * after the lease has expired, as long as no other attempt has been started.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the attempt has been finished in another way, or the result has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.FinishAttemptResponse finishAttempt(io.taskresults.v1.FinishAttemptRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFinishAttemptMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * The task could not be started at all: READY -&gt; FAILED.
     * FAILED_PRECONDITION: the result is RUNNING or finished [ILLEGAL_TRANSITION].
     * </pre>
     */
    public io.taskresults.v1.FailTaskResultResponse failTaskResult(io.taskresults.v1.FailTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getFailTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Removes a result in any state. Watches of it get the event `deleted`.
     * NOT_FOUND: no result has this id, and `allow_missing` is not set [TASK_RESULT_DOES_NOT_EXIST].
     * ABORTED: the result has another version than the one given [REVISION_MISMATCH].
     * </pre>
     */
    public io.taskresults.v1.DeleteTaskResultResponse deleteTaskResult(io.taskresults.v1.DeleteTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getDeleteTaskResultMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TaskLifecycleService.
   * <pre>
   * Reports what becomes of tasks.
   * </pre>
   */
  public static final class TaskLifecycleServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TaskLifecycleServiceFutureStub> {
    private TaskLifecycleServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskLifecycleServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskLifecycleServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Registers a task that has been enqueued: - -&gt; READY.
     * The same id and the same content again: OK, and the state of the existing result, whatever has become of it since.
     * ALREADY_EXISTS: same id, other content [TASK_RESULT_EXISTS].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.CreateTaskResultResponse> createTaskResult(
        io.taskresults.v1.CreateTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getCreateTaskResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * A worker takes the task: READY -&gt; RUNNING. Also RUNNING -&gt; RUNNING when the lease of the running attempt has
     * expired, or with `force`: then the lost attempt leaves a TaskError. If it was the last that the AttemptPolicy
     * allows, its loss is final: the result becomes FAILED, and the call ends with ILLEGAL_TRANSITION, as each repetition
     * does.
     * The same `request_id` again: OK, and the same attempt. Nothing changes, whatever has become of the attempt since:
     * also when it has been finished, for as long as no other attempt has been started. Run the task only if the returned
     * state is RUNNING.
     * FAILED_PRECONDITION: another attempt is running [ATTEMPT_IN_PROGRESS]; the result is finished, maybe since this
     * call found its last attempt lost [ILLEGAL_TRANSITION];
     * the attempt that this `request_id` started is over, and another has been started since [STALE_ATTEMPT].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.StartAttemptResponse> startAttempt(
        io.taskresults.v1.StartAttemptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getStartAttemptMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The heartbeat of a worker: its lease now ends `lease` from now. Nothing of the TaskResult changes, so its revision
     * stays.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the result is not RUNNING, or has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.RenewLeaseResponse> renewLease(
        io.taskresults.v1.RenewLeaseRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRenewLeaseMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * A worker reports how its attempt ended: RUNNING -&gt; SUCCESSFUL, RUNNING -&gt; FAILED, or RUNNING -&gt; READY for another
     * attempt; RUNNING -&gt; FAILED in place of that after the last attempt that the AttemptPolicy allows. Accepted also
     * after the lease has expired, as long as no other attempt has been started.
     * FAILED_PRECONDITION: another attempt has been started since, or the result has been created anew [STALE_ATTEMPT];
     * the attempt has been finished in another way, or the result has had no such attempt [ILLEGAL_TRANSITION].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.FinishAttemptResponse> finishAttempt(
        io.taskresults.v1.FinishAttemptRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFinishAttemptMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * The task could not be started at all: READY -&gt; FAILED.
     * FAILED_PRECONDITION: the result is RUNNING or finished [ILLEGAL_TRANSITION].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.FailTaskResultResponse> failTaskResult(
        io.taskresults.v1.FailTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getFailTaskResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Removes a result in any state. Watches of it get the event `deleted`.
     * NOT_FOUND: no result has this id, and `allow_missing` is not set [TASK_RESULT_DOES_NOT_EXIST].
     * ABORTED: the result has another version than the one given [REVISION_MISMATCH].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.DeleteTaskResultResponse> deleteTaskResult(
        io.taskresults.v1.DeleteTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getDeleteTaskResultMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_CREATE_TASK_RESULT = 0;
  private static final int METHODID_START_ATTEMPT = 1;
  private static final int METHODID_RENEW_LEASE = 2;
  private static final int METHODID_FINISH_ATTEMPT = 3;
  private static final int METHODID_FAIL_TASK_RESULT = 4;
  private static final int METHODID_DELETE_TASK_RESULT = 5;
  private static final int METHODID_RECORD_TRANSITIONS = 6;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_CREATE_TASK_RESULT:
          serviceImpl.createTaskResult((io.taskresults.v1.CreateTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.CreateTaskResultResponse>) responseObserver);
          break;
        case METHODID_START_ATTEMPT:
          serviceImpl.startAttempt((io.taskresults.v1.StartAttemptRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.StartAttemptResponse>) responseObserver);
          break;
        case METHODID_RENEW_LEASE:
          serviceImpl.renewLease((io.taskresults.v1.RenewLeaseRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.RenewLeaseResponse>) responseObserver);
          break;
        case METHODID_FINISH_ATTEMPT:
          serviceImpl.finishAttempt((io.taskresults.v1.FinishAttemptRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.FinishAttemptResponse>) responseObserver);
          break;
        case METHODID_FAIL_TASK_RESULT:
          serviceImpl.failTaskResult((io.taskresults.v1.FailTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.FailTaskResultResponse>) responseObserver);
          break;
        case METHODID_DELETE_TASK_RESULT:
          serviceImpl.deleteTaskResult((io.taskresults.v1.DeleteTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.DeleteTaskResultResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_RECORD_TRANSITIONS:
          return (io.grpc.stub.StreamObserver<Req>) serviceImpl.recordTransitions(
              (io.grpc.stub.StreamObserver<io.taskresults.v1.RecordTransitionsResponse>) responseObserver);
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getCreateTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.CreateTaskResultRequest,
              io.taskresults.v1.CreateTaskResultResponse>(
                service, METHODID_CREATE_TASK_RESULT)))
        .addMethod(
          getStartAttemptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.StartAttemptRequest,
              io.taskresults.v1.StartAttemptResponse>(
                service, METHODID_START_ATTEMPT)))
        .addMethod(
          getRenewLeaseMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.RenewLeaseRequest,
              io.taskresults.v1.RenewLeaseResponse>(
                service, METHODID_RENEW_LEASE)))
        .addMethod(
          getFinishAttemptMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.FinishAttemptRequest,
              io.taskresults.v1.FinishAttemptResponse>(
                service, METHODID_FINISH_ATTEMPT)))
        .addMethod(
          getFailTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.FailTaskResultRequest,
              io.taskresults.v1.FailTaskResultResponse>(
                service, METHODID_FAIL_TASK_RESULT)))
        .addMethod(
          getDeleteTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.DeleteTaskResultRequest,
              io.taskresults.v1.DeleteTaskResultResponse>(
                service, METHODID_DELETE_TASK_RESULT)))
        .addMethod(
          getRecordTransitionsMethod(),
          io.grpc.stub.ServerCalls.asyncBidiStreamingCall(
            new MethodHandlers<
              io.taskresults.v1.RecordTransitionsRequest,
              io.taskresults.v1.RecordTransitionsResponse>(
                service, METHODID_RECORD_TRANSITIONS)))
        .build();
  }

  private static abstract class TaskLifecycleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TaskLifecycleServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.taskresults.v1.TaskLifecycleServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TaskLifecycleService");
    }
  }

  private static final class TaskLifecycleServiceFileDescriptorSupplier
      extends TaskLifecycleServiceBaseDescriptorSupplier {
    TaskLifecycleServiceFileDescriptorSupplier() {}
  }

  private static final class TaskLifecycleServiceMethodDescriptorSupplier
      extends TaskLifecycleServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TaskLifecycleServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (TaskLifecycleServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TaskLifecycleServiceFileDescriptorSupplier())
              .addMethod(getCreateTaskResultMethod())
              .addMethod(getStartAttemptMethod())
              .addMethod(getRenewLeaseMethod())
              .addMethod(getFinishAttemptMethod())
              .addMethod(getFailTaskResultMethod())
              .addMethod(getDeleteTaskResultMethod())
              .addMethod(getRecordTransitionsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
