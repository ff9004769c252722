package io.taskresults.client;

import io.grpc.Status;
import java.util.List;

/**
 * Every failure of this library. The classes inside are for the reasons that a caller may want to
 * distinguish. An answer that carries no reason, as after a lost link, is of this class itself.
 */
public class TaskResultsException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What went wrong. */
  private final Failure failure;

  TaskResultsException(Failure failure) {
    super(failure.message(), failure.cause());
    this.failure = failure;
  }

  /**
   * {@return why, as the contract names it, such as {@code STALE_ATTEMPT}; the name of the gRPC
   * code, such as {@code UNAVAILABLE}, when the answer carried no reason}
   */
  public String reason() {
    return failure.reason();
  }

  /**
   * {@return the gRPC code of the answer; where nothing was asked of the server, the one that fits
   * best}
   */
  public Status.Code code() {
    return failure.code();
  }

  /**
   * {@return the fields at fault, named as in the contract, such as {@code task.path}; empty unless
   * the input was at fault}
   */
  public List<String> fields() {
    return failure.fields();
  }

  Failure failure() {
    return failure;
  }

  /** TASK_RESULT_DOES_NOT_EXIST: no result has this id, or none has it any more. */
  public static final class DoesNotExist extends TaskResultsException {
    private static final long serialVersionUID = 1;

    DoesNotExist(Failure failure) {
      super(failure);
    }
  }

  /** TASK_RESULT_MISMATCH: the id belongs to another task than expected. */
  public static final class Mismatch extends TaskResultsException {
    private static final long serialVersionUID = 1;

    Mismatch(Failure failure) {
      super(failure);
    }
  }

  /** TASK_RESULT_EXISTS: a result was created before under this id, with other content. */
  public static final class Exists extends TaskResultsException {
    private static final long serialVersionUID = 1;

    Exists(Failure failure) {
      super(failure);
    }
  }

  /**
   * STALE_ATTEMPT: this attempt is over: another has been started since, or the result has been
   * created anew; the request that has started it must not run it again.
   */
  public static final class StaleAttempt extends TaskResultsException {
    private static final long serialVersionUID = 1;

    StaleAttempt(Failure failure) {
      super(failure);
    }
  }

  /** ATTEMPT_IN_PROGRESS: another attempt is running, and its lease has not run out. */
  public static final class AttemptInProgress extends TaskResultsException {
    private static final long serialVersionUID = 1;

    AttemptInProgress(Failure failure) {
      super(failure);
    }
  }

  /** ILLEGAL_TRANSITION: a result in this state does not make this move. */
  public static final class IllegalTransition extends TaskResultsException {
    private static final long serialVersionUID = 1;

    IllegalTransition(Failure failure) {
      super(failure);
    }
  }

  /** REVISION_MISMATCH: the result has another version than the one to be deleted. */
  public static final class RevisionMismatch extends TaskResultsException {
    private static final long serialVersionUID = 1;

    RevisionMismatch(Failure failure) {
      super(failure);
    }
  }

  /** INVALID_FIELD: a field breaks its rule; {@link #fields} names it. */
  public static final class InvalidField extends TaskResultsException {
    private static final long serialVersionUID = 1;

    InvalidField(Failure failure) {
      super(failure);
    }
  }

  /** PAYLOAD_TOO_LARGE: JSON or labels are over their limit; {@link #fields} names them. */
  public static final class PayloadTooLarge extends TaskResultsException {
    private static final long serialVersionUID = 1;

    PayloadTooLarge(Failure failure) {
      super(failure);
    }
  }

  /** LIMIT_REACHED: the server has too many watches open, or its queue of writes is full. */
  public static final class LimitReached extends TaskResultsException {
    private static final long serialVersionUID = 1;

    LimitReached(Failure failure) {
      super(failure);
    }
  }

  /** STORE_UNAVAILABLE: the server cannot reach its database. */
  public static final class StoreUnavailable extends TaskResultsException {
    private static final long serialVersionUID = 1;

    StoreUnavailable(Failure failure) {
      super(failure);
    }
  }

  /** SHUTTING_DOWN: the server is stopping. */
  public static final class ShuttingDown extends TaskResultsException {
    private static final long serialVersionUID = 1;

    ShuttingDown(Failure failure) {
      super(failure);
    }
  }

  /** UNAUTHENTICATED: the server requires a token, and got none or an unknown one. */
  public static final class Unauthenticated extends TaskResultsException {
    private static final long serialVersionUID = 1;

    Unauthenticated(Failure failure) {
      super(failure);
    }
  }

  /** PERMISSION_DENIED: the token is good for reading only. */
  public static final class PermissionDenied extends TaskResultsException {
    private static final long serialVersionUID = 1;

    PermissionDenied(Failure failure) {
      super(failure);
    }
  }

  /** INTERNAL: a bug of the server; its log says more. */
  public static final class Internal extends TaskResultsException {
    private static final long serialVersionUID = 1;

    Internal(Failure failure) {
      super(failure);
    }
  }

  /** TASK_FAILED: there is no return value: the task failed. */
  public static final class TaskFailed extends TaskResultsException {
    private static final long serialVersionUID = 1;

    TaskFailed(Failure failure) {
      super(failure);
    }
  }

  /** TASK_NOT_FINISHED: there is no return value yet. */
  public static final class TaskNotFinished extends TaskResultsException {
    private static final long serialVersionUID = 1;

    TaskNotFinished(Failure failure) {
      super(failure);
    }
  }

  /** WAIT_TIMED_OUT: the result was not finished within the time given to the wait. */
  public static final class WaitTimedOut extends TaskResultsException {
    private static final long serialVersionUID = 1;

    WaitTimedOut(Failure failure) {
      super(failure);
    }
  }

  /**
   * NOT_ENCODABLE: a value that is no JSON: NaN, an infinity, a cycle, an object without
   * properties, two keys of one name, and what is no data: a future, a supplier, a lambda, a
   * thread, a lock, an exception, something to be closed, or a {@link TaskResult}.
   */
  public static final class NotEncodable extends TaskResultsException {
    private static final long serialVersionUID = 1;

    NotEncodable(Failure failure) {
      super(failure);
    }
  }

  /** NOT_DECODABLE: JSON that does not fit the type that was asked for, or is too deep for it. */
  public static final class NotDecodable extends TaskResultsException {
    private static final long serialVersionUID = 1;

    NotDecodable(Failure failure) {
      super(failure);
    }
  }
}
