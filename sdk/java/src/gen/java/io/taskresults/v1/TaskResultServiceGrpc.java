package io.taskresults.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Reads and follows task results.
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class TaskResultServiceGrpc {

  private TaskResultServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "taskresults.v1.TaskResultService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.GetTaskResultRequest,
      io.taskresults.v1.GetTaskResultResponse> getGetTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetTaskResult",
      requestType = io.taskresults.v1.GetTaskResultRequest.class,
      responseType = io.taskresults.v1.GetTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.GetTaskResultRequest,
      io.taskresults.v1.GetTaskResultResponse> getGetTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.GetTaskResultRequest, io.taskresults.v1.GetTaskResultResponse> getGetTaskResultMethod;
    if ((getGetTaskResultMethod = TaskResultServiceGrpc.getGetTaskResultMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getGetTaskResultMethod = TaskResultServiceGrpc.getGetTaskResultMethod) == null) {
          TaskResultServiceGrpc.getGetTaskResultMethod = getGetTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.GetTaskResultRequest, io.taskresults.v1.GetTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.GetTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.GetTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("GetTaskResult"))
              .build();
        }
      }
    }
    return getGetTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.BatchGetTaskResultsRequest,
      io.taskresults.v1.BatchGetTaskResultsResponse> getBatchGetTaskResultsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchGetTaskResults",
      requestType = io.taskresults.v1.BatchGetTaskResultsRequest.class,
      responseType = io.taskresults.v1.BatchGetTaskResultsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.BatchGetTaskResultsRequest,
      io.taskresults.v1.BatchGetTaskResultsResponse> getBatchGetTaskResultsMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.BatchGetTaskResultsRequest, io.taskresults.v1.BatchGetTaskResultsResponse> getBatchGetTaskResultsMethod;
    if ((getBatchGetTaskResultsMethod = TaskResultServiceGrpc.getBatchGetTaskResultsMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getBatchGetTaskResultsMethod = TaskResultServiceGrpc.getBatchGetTaskResultsMethod) == null) {
          TaskResultServiceGrpc.getBatchGetTaskResultsMethod = getBatchGetTaskResultsMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.BatchGetTaskResultsRequest, io.taskresults.v1.BatchGetTaskResultsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchGetTaskResults"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.BatchGetTaskResultsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.BatchGetTaskResultsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("BatchGetTaskResults"))
              .build();
        }
      }
    }
    return getBatchGetTaskResultsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.RefreshTaskResultRequest,
      io.taskresults.v1.RefreshTaskResultResponse> getRefreshTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "RefreshTaskResult",
      requestType = io.taskresults.v1.RefreshTaskResultRequest.class,
      responseType = io.taskresults.v1.RefreshTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.RefreshTaskResultRequest,
      io.taskresults.v1.RefreshTaskResultResponse> getRefreshTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.RefreshTaskResultRequest, io.taskresults.v1.RefreshTaskResultResponse> getRefreshTaskResultMethod;
    if ((getRefreshTaskResultMethod = TaskResultServiceGrpc.getRefreshTaskResultMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getRefreshTaskResultMethod = TaskResultServiceGrpc.getRefreshTaskResultMethod) == null) {
          TaskResultServiceGrpc.getRefreshTaskResultMethod = getRefreshTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.RefreshTaskResultRequest, io.taskresults.v1.RefreshTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "RefreshTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RefreshTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.RefreshTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("RefreshTaskResult"))
              .build();
        }
      }
    }
    return getRefreshTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.BatchRefreshTaskResultsRequest,
      io.taskresults.v1.BatchRefreshTaskResultsResponse> getBatchRefreshTaskResultsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "BatchRefreshTaskResults",
      requestType = io.taskresults.v1.BatchRefreshTaskResultsRequest.class,
      responseType = io.taskresults.v1.BatchRefreshTaskResultsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.BatchRefreshTaskResultsRequest,
      io.taskresults.v1.BatchRefreshTaskResultsResponse> getBatchRefreshTaskResultsMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.BatchRefreshTaskResultsRequest, io.taskresults.v1.BatchRefreshTaskResultsResponse> getBatchRefreshTaskResultsMethod;
    if ((getBatchRefreshTaskResultsMethod = TaskResultServiceGrpc.getBatchRefreshTaskResultsMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getBatchRefreshTaskResultsMethod = TaskResultServiceGrpc.getBatchRefreshTaskResultsMethod) == null) {
          TaskResultServiceGrpc.getBatchRefreshTaskResultsMethod = getBatchRefreshTaskResultsMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.BatchRefreshTaskResultsRequest, io.taskresults.v1.BatchRefreshTaskResultsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "BatchRefreshTaskResults"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.BatchRefreshTaskResultsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.BatchRefreshTaskResultsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("BatchRefreshTaskResults"))
              .build();
        }
      }
    }
    return getBatchRefreshTaskResultsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.WaitTaskResultRequest,
      io.taskresults.v1.WaitTaskResultResponse> getWaitTaskResultMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WaitTaskResult",
      requestType = io.taskresults.v1.WaitTaskResultRequest.class,
      responseType = io.taskresults.v1.WaitTaskResultResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.WaitTaskResultRequest,
      io.taskresults.v1.WaitTaskResultResponse> getWaitTaskResultMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.WaitTaskResultRequest, io.taskresults.v1.WaitTaskResultResponse> getWaitTaskResultMethod;
    if ((getWaitTaskResultMethod = TaskResultServiceGrpc.getWaitTaskResultMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getWaitTaskResultMethod = TaskResultServiceGrpc.getWaitTaskResultMethod) == null) {
          TaskResultServiceGrpc.getWaitTaskResultMethod = getWaitTaskResultMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.WaitTaskResultRequest, io.taskresults.v1.WaitTaskResultResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WaitTaskResult"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.WaitTaskResultRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.WaitTaskResultResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("WaitTaskResult"))
              .build();
        }
      }
    }
    return getWaitTaskResultMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.WatchTaskResultsRequest,
      io.taskresults.v1.WatchTaskResultsResponse> getWatchTaskResultsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchTaskResults",
      requestType = io.taskresults.v1.WatchTaskResultsRequest.class,
      responseType = io.taskresults.v1.WatchTaskResultsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.WatchTaskResultsRequest,
      io.taskresults.v1.WatchTaskResultsResponse> getWatchTaskResultsMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.WatchTaskResultsRequest, io.taskresults.v1.WatchTaskResultsResponse> getWatchTaskResultsMethod;
    if ((getWatchTaskResultsMethod = TaskResultServiceGrpc.getWatchTaskResultsMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getWatchTaskResultsMethod = TaskResultServiceGrpc.getWatchTaskResultsMethod) == null) {
          TaskResultServiceGrpc.getWatchTaskResultsMethod = getWatchTaskResultsMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.WatchTaskResultsRequest, io.taskresults.v1.WatchTaskResultsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchTaskResults"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.WatchTaskResultsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.WatchTaskResultsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("WatchTaskResults"))
              .build();
        }
      }
    }
    return getWatchTaskResultsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<io.taskresults.v1.ListTaskResultsRequest,
      io.taskresults.v1.ListTaskResultsResponse> getListTaskResultsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListTaskResults",
      requestType = io.taskresults.v1.ListTaskResultsRequest.class,
      responseType = io.taskresults.v1.ListTaskResultsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<io.taskresults.v1.ListTaskResultsRequest,
      io.taskresults.v1.ListTaskResultsResponse> getListTaskResultsMethod() {
    io.grpc.MethodDescriptor<io.taskresults.v1.ListTaskResultsRequest, io.taskresults.v1.ListTaskResultsResponse> getListTaskResultsMethod;
    if ((getListTaskResultsMethod = TaskResultServiceGrpc.getListTaskResultsMethod) == null) {
      synchronized (TaskResultServiceGrpc.class) {
        if ((getListTaskResultsMethod = TaskResultServiceGrpc.getListTaskResultsMethod) == null) {
          TaskResultServiceGrpc.getListTaskResultsMethod = getListTaskResultsMethod =
              io.grpc.MethodDescriptor.<io.taskresults.v1.ListTaskResultsRequest, io.taskresults.v1.ListTaskResultsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListTaskResults"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.ListTaskResultsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  io.taskresults.v1.ListTaskResultsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new TaskResultServiceMethodDescriptorSupplier("ListTaskResults"))
              .build();
        }
      }
    }
    return getListTaskResultsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static TaskResultServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceStub>() {
        @java.lang.Override
        public TaskResultServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskResultServiceStub(channel, callOptions);
        }
      };
    return TaskResultServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static TaskResultServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceBlockingV2Stub>() {
        @java.lang.Override
        public TaskResultServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskResultServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return TaskResultServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static TaskResultServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceBlockingStub>() {
        @java.lang.Override
        public TaskResultServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskResultServiceBlockingStub(channel, callOptions);
        }
      };
    return TaskResultServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static TaskResultServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<TaskResultServiceFutureStub>() {
        @java.lang.Override
        public TaskResultServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new TaskResultServiceFutureStub(channel, callOptions);
        }
      };
    return TaskResultServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * The whole result. A finished one may be answered from memory: one that was deleted through another server may still
     * be answered for half a second, and no longer. Everything else is as the store has it during the call.
     * NOT_FOUND: no result has this id [TASK_RESULT_DOES_NOT_EXIST].
     * FAILED_PRECONDITION: the id belongs to a task of another path than expected [TASK_RESULT_MISMATCH].
     * </pre>
     */
    default void getTaskResult(io.taskresults.v1.GetTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.GetTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * Many whole results. An unknown id is no error: the response lists it.
     * </pre>
     */
    default void batchGetTaskResults(io.taskresults.v1.BatchGetTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.BatchGetTaskResultsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchGetTaskResultsMethod(), responseObserver);
    }

    /**
     * <pre>
     * What has changed since a known version. Always read from the store.
     * NOT_FOUND: no result has this id (any more) [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    default void refreshTaskResult(io.taskresults.v1.RefreshTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.RefreshTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getRefreshTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * RefreshTaskResult for many. An unknown id is no error: the response lists it.
     * </pre>
     */
    default void batchRefreshTaskResults(io.taskresults.v1.BatchRefreshTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.BatchRefreshTaskResultsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getBatchRefreshTaskResultsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Waits until a result is finished or changed: a long poll, for callers without streaming. A timeout is no error: the
     * response says so.
     * NOT_FOUND: no result has this id, or it was deleted while waiting [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    default void waitTaskResult(io.taskresults.v1.WaitTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.WaitTaskResultResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWaitTaskResultMethod(), responseObserver);
    }

    /**
     * <pre>
     * Follows results until they are finished. See WatchTaskResultsResponse for what may be relied on.
     * RESOURCE_EXHAUSTED: too many watches or watched ids on this server [LIMIT_REACHED].
     * </pre>
     */
    default void watchTaskResults(io.taskresults.v1.WatchTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.WatchTaskResultsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchTaskResultsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Results that match a filter, newest enqueued first. Paging is by key: a result that is created or removed between
     * two pages never makes another one appear twice or be left out.
     * </pre>
     */
    default void listTaskResults(io.taskresults.v1.ListTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.ListTaskResultsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListTaskResultsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service TaskResultService.
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public static abstract class TaskResultServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return TaskResultServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service TaskResultService.
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public static final class TaskResultServiceStub
      extends io.grpc.stub.AbstractAsyncStub<TaskResultServiceStub> {
    private TaskResultServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskResultServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskResultServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole result. A finished one may be answered from memory: one that was deleted through another server may still
     * be answered for half a second, and no longer. Everything else is as the store has it during the call.
     * NOT_FOUND: no result has this id [TASK_RESULT_DOES_NOT_EXIST].
     * FAILED_PRECONDITION: the id belongs to a task of another path than expected [TASK_RESULT_MISMATCH].
     * </pre>
     */
    public void getTaskResult(io.taskresults.v1.GetTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.GetTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Many whole results. An unknown id is no error: the response lists it.
     * </pre>
     */
    public void batchGetTaskResults(io.taskresults.v1.BatchGetTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.BatchGetTaskResultsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchGetTaskResultsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * What has changed since a known version. Always read from the store.
     * NOT_FOUND: no result has this id (any more) [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public void refreshTaskResult(io.taskresults.v1.RefreshTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.RefreshTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getRefreshTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * RefreshTaskResult for many. An unknown id is no error: the response lists it.
     * </pre>
     */
    public void batchRefreshTaskResults(io.taskresults.v1.BatchRefreshTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.BatchRefreshTaskResultsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getBatchRefreshTaskResultsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Waits until a result is finished or changed: a long poll, for callers without streaming. A timeout is no error: the
     * response says so.
     * NOT_FOUND: no result has this id, or it was deleted while waiting [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public void waitTaskResult(io.taskresults.v1.WaitTaskResultRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.WaitTaskResultResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getWaitTaskResultMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Follows results until they are finished. See WatchTaskResultsResponse for what may be relied on.
     * RESOURCE_EXHAUSTED: too many watches or watched ids on this server [LIMIT_REACHED].
     * </pre>
     */
    public void watchTaskResults(io.taskresults.v1.WatchTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.WatchTaskResultsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchTaskResultsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Results that match a filter, newest enqueued first. Paging is by key: a result that is created or removed between
     * two pages never makes another one appear twice or be left out.
     * </pre>
     */
    public void listTaskResults(io.taskresults.v1.ListTaskResultsRequest request,
        io.grpc.stub.StreamObserver<io.taskresults.v1.ListTaskResultsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListTaskResultsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service TaskResultService.
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public static final class TaskResultServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<TaskResultServiceBlockingV2Stub> {
    private TaskResultServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskResultServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskResultServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole result. A finished one may be answered from memory: one that was deleted through another server may still
     * be answered for half a second, and no longer. Everything else is as the store has it during the call.
     * NOT_FOUND: no result has this id [TASK_RESULT_DOES_NOT_EXIST].
     * FAILED_PRECONDITION: the id belongs to a task of another path than expected [TASK_RESULT_MISMATCH].
     * </pre>
     */
    public io.taskresults.v1.GetTaskResultResponse getTaskResult(io.taskresults.v1.GetTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many whole results. An unknown id is no error: the response lists it.
     * </pre>
     */
    public io.taskresults.v1.BatchGetTaskResultsResponse batchGetTaskResults(io.taskresults.v1.BatchGetTaskResultsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchGetTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What has changed since a known version. Always read from the store.
     * NOT_FOUND: no result has this id (any more) [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public io.taskresults.v1.RefreshTaskResultResponse refreshTaskResult(io.taskresults.v1.RefreshTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getRefreshTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RefreshTaskResult for many. An unknown id is no error: the response lists it.
     * </pre>
     */
    public io.taskresults.v1.BatchRefreshTaskResultsResponse batchRefreshTaskResults(io.taskresults.v1.BatchRefreshTaskResultsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getBatchRefreshTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until a result is finished or changed: a long poll, for callers without streaming. A timeout is no error: the
     * response says so.
     * NOT_FOUND: no result has this id, or it was deleted while waiting [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public io.taskresults.v1.WaitTaskResultResponse waitTaskResult(io.taskresults.v1.WaitTaskResultRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getWaitTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows results until they are finished. See WatchTaskResultsResponse for what may be relied on.
     * RESOURCE_EXHAUSTED: too many watches or watched ids on this server [LIMIT_REACHED].
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, io.taskresults.v1.WatchTaskResultsResponse>
        watchTaskResults(io.taskresults.v1.WatchTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Results that match a filter, newest enqueued first. Paging is by key: a result that is created or removed between
     * two pages never makes another one appear twice or be left out.
     * </pre>
     */
    public io.taskresults.v1.ListTaskResultsResponse listTaskResults(io.taskresults.v1.ListTaskResultsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListTaskResultsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service TaskResultService.
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public static final class TaskResultServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<TaskResultServiceBlockingStub> {
    private TaskResultServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskResultServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskResultServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole result. A finished one may be answered from memory: one that was deleted through another server may still
     * be answered for half a second, and no longer. Everything else is as the store has it during the call.
     * NOT_FOUND: no result has this id [TASK_RESULT_DOES_NOT_EXIST].
     * FAILED_PRECONDITION: the id belongs to a task of another path than expected [TASK_RESULT_MISMATCH].
     * </pre>
     */
    public io.taskresults.v1.GetTaskResultResponse getTaskResult(io.taskresults.v1.GetTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Many whole results. An unknown id is no error: the response lists it.
     * </pre>
     */
    public io.taskresults.v1.BatchGetTaskResultsResponse batchGetTaskResults(io.taskresults.v1.BatchGetTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchGetTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * What has changed since a known version. Always read from the store.
     * NOT_FOUND: no result has this id (any more) [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public io.taskresults.v1.RefreshTaskResultResponse refreshTaskResult(io.taskresults.v1.RefreshTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getRefreshTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * RefreshTaskResult for many. An unknown id is no error: the response lists it.
     * </pre>
     */
    public io.taskresults.v1.BatchRefreshTaskResultsResponse batchRefreshTaskResults(io.taskresults.v1.BatchRefreshTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getBatchRefreshTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Waits until a result is finished or changed: a long poll, for callers without streaming. A timeout is no error: the
     * response says so.
     * NOT_FOUND: no result has this id, or it was deleted while waiting [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public io.taskresults.v1.WaitTaskResultResponse waitTaskResult(io.taskresults.v1.WaitTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getWaitTaskResultMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows results until they are finished. See WatchTaskResultsResponse for what may be relied on.
     * RESOURCE_EXHAUSTED: too many watches or watched ids on this server [LIMIT_REACHED].
     * </pre>
     */
    public java.util.Iterator<io.taskresults.v1.WatchTaskResultsResponse> watchTaskResults(
        io.taskresults.v1.WatchTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchTaskResultsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Results that match a filter, newest enqueued first. Paging is by key: a result that is created or removed between
     * two pages never makes another one appear twice or be left out.
     * </pre>
     */
    public io.taskresults.v1.ListTaskResultsResponse listTaskResults(io.taskresults.v1.ListTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListTaskResultsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service TaskResultService.
   * <pre>
   * Reads and follows task results.
   * </pre>
   */
  public static final class TaskResultServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<TaskResultServiceFutureStub> {
    private TaskResultServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected TaskResultServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new TaskResultServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * The whole result. A finished one may be answered from memory: one that was deleted through another server may still
     * be answered for half a second, and no longer. Everything else is as the store has it during the call.
     * NOT_FOUND: no result has this id [TASK_RESULT_DOES_NOT_EXIST].
     * FAILED_PRECONDITION: the id belongs to a task of another path than expected [TASK_RESULT_MISMATCH].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.GetTaskResultResponse> getTaskResult(
        io.taskresults.v1.GetTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetTaskResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Many whole results. An unknown id is no error: the response lists it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.BatchGetTaskResultsResponse> batchGetTaskResults(
        io.taskresults.v1.BatchGetTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchGetTaskResultsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * What has changed since a known version. Always read from the store.
     * NOT_FOUND: no result has this id (any more) [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.RefreshTaskResultResponse> refreshTaskResult(
        io.taskresults.v1.RefreshTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getRefreshTaskResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * RefreshTaskResult for many. An unknown id is no error: the response lists it.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.BatchRefreshTaskResultsResponse> batchRefreshTaskResults(
        io.taskresults.v1.BatchRefreshTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getBatchRefreshTaskResultsMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Waits until a result is finished or changed: a long poll, for callers without streaming. A timeout is no error: the
     * response says so.
     * NOT_FOUND: no result has this id, or it was deleted while waiting [TASK_RESULT_DOES_NOT_EXIST].
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.WaitTaskResultResponse> waitTaskResult(
        io.taskresults.v1.WaitTaskResultRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getWaitTaskResultMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Results that match a filter, newest enqueued first. Paging is by key: a result that is created or removed between
     * two pages never makes another one appear twice or be left out.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<io.taskresults.v1.ListTaskResultsResponse> listTaskResults(
        io.taskresults.v1.ListTaskResultsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListTaskResultsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_GET_TASK_RESULT = 0;
  private static final int METHODID_BATCH_GET_TASK_RESULTS = 1;
  private static final int METHODID_REFRESH_TASK_RESULT = 2;
  private static final int METHODID_BATCH_REFRESH_TASK_RESULTS = 3;
  private static final int METHODID_WAIT_TASK_RESULT = 4;
  private static final int METHODID_WATCH_TASK_RESULTS = 5;
  private static final int METHODID_LIST_TASK_RESULTS = 6;

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
        case METHODID_GET_TASK_RESULT:
          serviceImpl.getTaskResult((io.taskresults.v1.GetTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.GetTaskResultResponse>) responseObserver);
          break;
        case METHODID_BATCH_GET_TASK_RESULTS:
          serviceImpl.batchGetTaskResults((io.taskresults.v1.BatchGetTaskResultsRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.BatchGetTaskResultsResponse>) responseObserver);
          break;
        case METHODID_REFRESH_TASK_RESULT:
          serviceImpl.refreshTaskResult((io.taskresults.v1.RefreshTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.RefreshTaskResultResponse>) responseObserver);
          break;
        case METHODID_BATCH_REFRESH_TASK_RESULTS:
          serviceImpl.batchRefreshTaskResults((io.taskresults.v1.BatchRefreshTaskResultsRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.BatchRefreshTaskResultsResponse>) responseObserver);
          break;
        case METHODID_WAIT_TASK_RESULT:
          serviceImpl.waitTaskResult((io.taskresults.v1.WaitTaskResultRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.WaitTaskResultResponse>) responseObserver);
          break;
        case METHODID_WATCH_TASK_RESULTS:
          serviceImpl.watchTaskResults((io.taskresults.v1.WatchTaskResultsRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.WatchTaskResultsResponse>) responseObserver);
          break;
        case METHODID_LIST_TASK_RESULTS:
          serviceImpl.listTaskResults((io.taskresults.v1.ListTaskResultsRequest) request,
              (io.grpc.stub.StreamObserver<io.taskresults.v1.ListTaskResultsResponse>) responseObserver);
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
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getGetTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.GetTaskResultRequest,
              io.taskresults.v1.GetTaskResultResponse>(
                service, METHODID_GET_TASK_RESULT)))
        .addMethod(
          getBatchGetTaskResultsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.BatchGetTaskResultsRequest,
              io.taskresults.v1.BatchGetTaskResultsResponse>(
                service, METHODID_BATCH_GET_TASK_RESULTS)))
        .addMethod(
          getRefreshTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.RefreshTaskResultRequest,
              io.taskresults.v1.RefreshTaskResultResponse>(
                service, METHODID_REFRESH_TASK_RESULT)))
        .addMethod(
          getBatchRefreshTaskResultsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.BatchRefreshTaskResultsRequest,
              io.taskresults.v1.BatchRefreshTaskResultsResponse>(
                service, METHODID_BATCH_REFRESH_TASK_RESULTS)))
        .addMethod(
          getWaitTaskResultMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.WaitTaskResultRequest,
              io.taskresults.v1.WaitTaskResultResponse>(
                service, METHODID_WAIT_TASK_RESULT)))
        .addMethod(
          getWatchTaskResultsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              io.taskresults.v1.WatchTaskResultsRequest,
              io.taskresults.v1.WatchTaskResultsResponse>(
                service, METHODID_WATCH_TASK_RESULTS)))
        .addMethod(
          getListTaskResultsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              io.taskresults.v1.ListTaskResultsRequest,
              io.taskresults.v1.ListTaskResultsResponse>(
                service, METHODID_LIST_TASK_RESULTS)))
        .build();
  }

  private static abstract class TaskResultServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    TaskResultServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return io.taskresults.v1.TaskResultServiceOuterClass.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("TaskResultService");
    }
  }

  private static final class TaskResultServiceFileDescriptorSupplier
      extends TaskResultServiceBaseDescriptorSupplier {
    TaskResultServiceFileDescriptorSupplier() {}
  }

  private static final class TaskResultServiceMethodDescriptorSupplier
      extends TaskResultServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    TaskResultServiceMethodDescriptorSupplier(java.lang.String methodName) {
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
      synchronized (TaskResultServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new TaskResultServiceFileDescriptorSupplier())
              .addMethod(getGetTaskResultMethod())
              .addMethod(getBatchGetTaskResultsMethod())
              .addMethod(getRefreshTaskResultMethod())
              .addMethod(getBatchRefreshTaskResultsMethod())
              .addMethod(getWaitTaskResultMethod())
              .addMethod(getWatchTaskResultsMethod())
              .addMethod(getListTaskResultsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
