package io.taskresults.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;

/** What went wrong, before it is thrown. */
record Failure(
    String reason,
    Status.Code code,
    String message,
    Origin origin,
    List<String> fields,
    Duration retryDelay,
    Throwable cause)
    implements Serializable {

  /** Only the reasons of this domain are the contract's. */
  private static final String DOMAIN = "taskresults.v1";

  /** Who says it. */
  enum Origin {
    /** The service, with a reason of the contract. */
    SERVICE,
    /** A link, a proxy, or a library. */
    WAY,
    /** This client, or whoever cancelled the call. */
    HERE
  }

  Failure(String reason, Status.Code code, String message) {
    this(reason, code, message, List.of(), null);
  }

  Failure(String reason, Status.Code code, String message, List<String> fields, Throwable cause) {
    this(reason, code, message, Origin.HERE, fields, Duration.ZERO, cause);
  }

  /** A failure without a reason of its own. */
  Failure(Status.Code code, String message) {
    this(code.name(), code, message);
  }

  /** What a call was answered. */
  static Failure of(Throwable thrown) {
    Status status = Status.fromThrowable(thrown);
    String description = status.getDescription();
    String message = description == null ? "the server does not say why" : description;
    Failure failure = new Failure(
        status.getCode().name(),
        status.getCode(),
        message,
        Origin.WAY,
        List.of(),
        Duration.ZERO,
        thrown);
    com.google.rpc.Status details = StatusProto.fromThrowable(thrown);
    return details == null ? failure : failure.with(details);
  }

  /** The exception that the reason stands for. */
  TaskResultsException toException() {
    return switch (reason) {
      case "TASK_RESULT_DOES_NOT_EXIST" -> new TaskResultsException.DoesNotExist(this);
      case "TASK_RESULT_MISMATCH" -> new TaskResultsException.Mismatch(this);
      case "TASK_RESULT_EXISTS" -> new TaskResultsException.Exists(this);
      case "STALE_ATTEMPT" -> new TaskResultsException.StaleAttempt(this);
      case "ATTEMPT_IN_PROGRESS" -> new TaskResultsException.AttemptInProgress(this);
      case "ILLEGAL_TRANSITION" -> new TaskResultsException.IllegalTransition(this);
      case "REVISION_MISMATCH" -> new TaskResultsException.RevisionMismatch(this);
      case "INVALID_FIELD" -> new TaskResultsException.InvalidField(this);
      case "PAYLOAD_TOO_LARGE" -> new TaskResultsException.PayloadTooLarge(this);
      case "LIMIT_REACHED" -> new TaskResultsException.LimitReached(this);
      case "STORE_UNAVAILABLE" -> new TaskResultsException.StoreUnavailable(this);
      case "SHUTTING_DOWN" -> new TaskResultsException.ShuttingDown(this);
      case "UNAUTHENTICATED" -> new TaskResultsException.Unauthenticated(this);
      case "PERMISSION_DENIED" -> new TaskResultsException.PermissionDenied(this);
      case "INTERNAL" -> new TaskResultsException.Internal(this);
      case "TASK_FAILED" -> new TaskResultsException.TaskFailed(this);
      case "TASK_NOT_FINISHED" -> new TaskResultsException.TaskNotFinished(this);
      case "WAIT_TIMED_OUT" -> new TaskResultsException.WaitTimedOut(this);
      case "NOT_ENCODABLE" -> new TaskResultsException.NotEncodable(this);
      case "NOT_DECODABLE" -> new TaskResultsException.NotDecodable(this);
      default -> new TaskResultsException(this);
    };
  }

  /** The same, once whoever made the call has cancelled it. */
  Failure byCaller() {
    return new Failure(reason, code, message, Origin.HERE, fields, retryDelay, cause);
  }

  private Failure with(com.google.rpc.Status status) {
    String toldReason = reason;
    Origin toldOrigin = origin;
    List<String> toldFields = fields;
    Duration toldDelay = retryDelay;
    try {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          if (info.getDomain().equals(DOMAIN)) {
            toldReason = info.getReason();
            toldOrigin = Origin.SERVICE;
          }
        } else if (detail.is(BadRequest.class)) {
          BadRequest request = detail.unpack(BadRequest.class);
          toldFields = request.getFieldViolationsList().stream()
              .map(BadRequest.FieldViolation::getField)
              .toList();
        } else if (detail.is(RetryInfo.class)) {
          var delay = detail.unpack(RetryInfo.class).getRetryDelay();
          toldDelay = Duration.ofSeconds(delay.getSeconds(), delay.getNanos());
        }
      }
    } catch (InvalidProtocolBufferException | ArithmeticException malformed) {
      return this; // the code alone still tells the truth
    }
    return new Failure(toldReason, code, message, toldOrigin, toldFields, toldDelay, cause);
  }
}
