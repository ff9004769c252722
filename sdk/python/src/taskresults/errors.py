"""What can go wrong, one class for each reason of the contract."""

from __future__ import annotations

from collections.abc import Sequence

import grpc


class TaskResultsError(Exception):
    """Base of everything that this package raises; itself raised for reasons that have no class of their own."""

    #: Why, as in the contract; the name of the gRPC code where an answer carried no reason.
    reason: str = "UNKNOWN"

    def __init__(
        self,
        message: str = "",
        *,
        reason: str | None = None,
        code: grpc.StatusCode | None = None,
        fields: Sequence[str] = (),
        retry_delay: float = 0,
    ) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason
        #: The gRPC code of the answer; None when the error came up on this side.
        self.code = code
        #: The fields at fault, named as in the proto (`task.path`), for INVALID_FIELD and PAYLOAD_TOO_LARGE.
        self.fields = tuple(fields)
        #: Seconds that the server asks to let pass before the call is made again.
        self.retry_delay = retry_delay


class TaskResultDoesNotExist(TaskResultsError):
    """No result has this id, or it was deleted."""

    reason = "TASK_RESULT_DOES_NOT_EXIST"


class TaskResultMismatch(TaskResultsError):
    """The id belongs to another task than expected."""

    reason = "TASK_RESULT_MISMATCH"


class TaskResultExists(TaskResultsError):
    """A result was created before under this id, with other content."""

    reason = "TASK_RESULT_EXISTS"


class StaleAttempt(TaskResultsError):
    """The attempt is over: another was started since, or the result was created anew. This worker has lost the task."""

    reason = "STALE_ATTEMPT"


class AttemptInProgress(TaskResultsError):
    """Another attempt is running, and its lease has not run out."""

    reason = "ATTEMPT_IN_PROGRESS"


class IllegalTransition(TaskResultsError):
    """The result is in a state from which this move is not possible."""

    reason = "ILLEGAL_TRANSITION"


class RevisionMismatch(TaskResultsError):
    """The result has another version than the one that was to be deleted."""

    reason = "REVISION_MISMATCH"


class InvalidField(TaskResultsError, ValueError):
    """A field breaks its rule; `fields` names it."""

    reason = "INVALID_FIELD"


class PayloadTooLarge(TaskResultsError, ValueError):
    """JSON or metadata over the server's limit; `fields` names it."""

    reason = "PAYLOAD_TOO_LARGE"


class LimitReached(TaskResultsError):
    """Too many watches or watched ids, or the server's queue of writes is full."""

    reason = "LIMIT_REACHED"


class StoreUnavailable(TaskResultsError):
    """The server's database is out of reach."""

    reason = "STORE_UNAVAILABLE"


class ShuttingDown(TaskResultsError):
    """The server is stopping."""

    reason = "SHUTTING_DOWN"


class Unauthenticated(TaskResultsError):
    """No token, or an unknown one."""

    reason = "UNAUTHENTICATED"


class PermissionDenied(TaskResultsError):
    """The token is good for reading only."""

    reason = "PERMISSION_DENIED"


class InternalError(TaskResultsError):
    """A bug of the server, whose log says more."""

    reason = "INTERNAL"


class TaskFailed(TaskResultsError, ValueError):
    """`return_value` of a result that is FAILED."""

    reason = "TASK_FAILED"


class TaskNotFinished(TaskResultsError, ValueError):
    """`return_value` of a result that is READY or RUNNING."""

    reason = "TASK_NOT_FINISHED"


class WaitTimedOut(TaskResultsError, TimeoutError):
    """The result was not finished in the time that `wait` was given."""

    reason = "WAIT_TIMED_OUT"


class NotEncodable(TaskResultsError, ValueError):
    """A value cannot be written as JSON: NaN, an infinity, a cycle, an object of a type that JSON lacks, equal keys."""

    reason = "NOT_ENCODABLE"


class NotDecodable(TaskResultsError, ValueError):
    """The JSON of a result cannot be read here: nested too deeply for Python, or with a number beyond all floats."""

    reason = "NOT_DECODABLE"


class NotInView(TaskResultsError, ValueError):
    """The result was read in the BASIC view, which leaves this attribute out."""

    reason = "NOT_IN_VIEW"


class ClientClosed(TaskResultsError):
    """The client was closed, before the call or during it."""

    reason = "CANCELLED"


class ClientForked(TaskResultsError, RuntimeError):
    """The client, or gRPC as a whole, cannot be used in this process, which was forked: the message says what to do."""

    reason = "FORKED"
