"""Between the messages of the contract and the types of this package."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from taskresults.cutting import cut
from taskresults.errors import InvalidField
from taskresults.json_text import escape_surrogates
from taskresults.status import TaskResultStatus
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.v1 import task_result_pb2 as pb
from taskresults.version import TaskResultVersion
from taskresults.view import TaskResultView

_STATUS_PREFIX = "TASK_RESULT_STATUS_"

# What servers keep of an error by default.
_MAX_CLASS_PATH_LENGTH = 1_000
_MAX_MESSAGE_BYTES = 64 * 1024
_MAX_TRACEBACK_BYTES = 256 * 1024


def to_datetime(time: Timestamp) -> datetime:
    return time.ToDatetime(tzinfo=timezone.utc)


def optional_datetime(message: Message, field: str) -> datetime | None:
    """The time in this field of a message, or None while it has not happened."""
    return to_datetime(getattr(message, field)) if message.HasField(field) else None


def to_timestamp(field: str, time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    if time.utcoffset() is None:
        raise InvalidField(f"{field}: must have a time zone", fields=[field])
    message = Timestamp()
    message.FromDatetime(time)
    return message


def to_duration(field: str, seconds: float) -> Duration:
    message = Duration()
    try:
        message.FromTimedelta(timedelta(seconds=seconds))
    except (OverflowError, ValueError) as error:
        raise InvalidField(f"{field}: {seconds:g} s is no duration", fields=[field]) from error
    return message


def not_empty(field: str, text: str) -> str:
    """The text itself. Servers take the empty one for none at all, which is not what the caller has said."""
    if not text:
        raise InvalidField(f"{field}: must not be empty", fields=[field])
    return text


def to_status(status: pb.TaskResultStatus.ValueType) -> TaskResultStatus:
    """UNKNOWN for one that only newer servers know."""
    try:
        return TaskResultStatus(pb.TaskResultStatus.Name(status).removeprefix(_STATUS_PREFIX))
    except ValueError:
        return TaskResultStatus.UNKNOWN


def to_wire_status(status: TaskResultStatus) -> pb.TaskResultStatus.ValueType:
    try:
        return pb.TaskResultStatus.Value(_STATUS_PREFIX + TaskResultStatus(status).value)
    except ValueError as error:
        raise InvalidField(f"filter.statuses: there is no {status!r}", fields=["filter.statuses"]) from error


def to_task(task: pb.Task) -> Task:
    return Task(
        path=task.path,
        priority=task.priority,
        queue_name=task.queue_name,
        run_after=optional_datetime(task, "run_after"),
        takes_context=task.takes_context,
    )


def to_wire_task(task: Task) -> pb.Task:
    return pb.Task(
        path=task.path,
        priority=task.priority,
        queue_name=task.queue_name,
        run_after=to_timestamp("task.run_after", task.run_after),
        takes_context=task.takes_context,
    )


def to_errors(errors: Iterable[pb.TaskError]) -> list[TaskError]:
    return [
        TaskError(
            exception_class_path=error.exception_class_path,
            message=error.message,
            traceback=error.traceback,
            attempt=error.attempt,
            worker_id=error.worker_id,
            raised_at=to_datetime(error.raised_at),
        )
        for error in errors
    ]


def to_wire_error(error: BaseException | TaskError) -> pb.TaskError:
    """What the server takes of it: as much of its texts as it keeps."""
    if isinstance(error, BaseException):
        error = TaskError.from_exception(error)
    return pb.TaskError(
        exception_class_path=escape_surrogates(error.exception_class_path[:_MAX_CLASS_PATH_LENGTH]),
        message=cut(escape_surrogates(error.message), _MAX_MESSAGE_BYTES),
        traceback=cut(escape_surrogates(error.traceback), _MAX_TRACEBACK_BYTES),
    )


def to_wire_view(view: TaskResultView) -> pb.TaskResultView.ValueType:
    try:
        return pb.TaskResultView.Value("TASK_RESULT_VIEW_" + TaskResultView(view).value)
    except ValueError as error:
        raise InvalidField(f"view: there is no {view!r}", fields=["view"]) from error


def to_version(message: pb.TaskResult) -> TaskResultVersion:
    return TaskResultVersion(message.incarnation, message.revision)


def to_wire_version(version: TaskResultVersion) -> pb.TaskResultVersion:
    return pb.TaskResultVersion(incarnation=version.incarnation, revision=version.revision)
