"""What became of a background task: clients of the taskresults service, and a handle with the behaviour of Django's."""

from taskresults.async_attempt import AsyncAttempt
from taskresults.async_client import AsyncTaskResults
from taskresults.attempt import Attempt
from taskresults.client import TaskResults
from taskresults.errors import (
    AttemptInProgress,
    ClientClosed,
    ClientForked,
    IllegalTransition,
    InternalError,
    InvalidField,
    LimitReached,
    NotDecodable,
    NotEncodable,
    NotInView,
    PayloadTooLarge,
    PermissionDenied,
    RevisionMismatch,
    ShuttingDown,
    StaleAttempt,
    StoreUnavailable,
    TaskFailed,
    TaskNotFinished,
    TaskResultDoesNotExist,
    TaskResultExists,
    TaskResultMismatch,
    TaskResultsError,
    Unauthenticated,
    WaitTimedOut,
)
from taskresults.reading import TimeRange
from taskresults.status import TaskResultStatus
from taskresults.sync_attempt import SyncAttempt
from taskresults.task import Task
from taskresults.task_error import TaskError, UnknownExceptionClass
from taskresults.task_result import TaskResult
from taskresults.task_result_state import TaskResultState
from taskresults.version import TaskResultVersion
from taskresults.view import TaskResultView
from taskresults.writing import StartedAttempt

__all__ = [
    "AsyncAttempt",
    "AsyncTaskResults",
    "Attempt",
    "AttemptInProgress",
    "ClientClosed",
    "ClientForked",
    "IllegalTransition",
    "InternalError",
    "InvalidField",
    "LimitReached",
    "NotDecodable",
    "NotEncodable",
    "NotInView",
    "PayloadTooLarge",
    "PermissionDenied",
    "RevisionMismatch",
    "ShuttingDown",
    "StaleAttempt",
    "StartedAttempt",
    "StoreUnavailable",
    "SyncAttempt",
    "Task",
    "TaskError",
    "TaskFailed",
    "TaskNotFinished",
    "TaskResult",
    "TaskResultDoesNotExist",
    "TaskResultExists",
    "TaskResultMismatch",
    "TaskResultState",
    "TaskResultStatus",
    "TaskResultVersion",
    "TaskResultView",
    "TaskResults",
    "TaskResultsError",
    "TimeRange",
    "Unauthenticated",
    "UnknownExceptionClass",
    "WaitTimedOut",
]
