"""Where a task stands."""

from enum import Enum


class TaskResultStatus(str, Enum):
    """A text as well: `status == "READY"`."""

    #: Enqueued, or waiting for another attempt after a failed one.
    READY = "READY"
    #: A worker has started an attempt and has not finished it.
    RUNNING = "RUNNING"
    #: The last attempt failed, or the task could not be started at all. Final.
    FAILED = "FAILED"
    #: The last attempt returned a value. Final.
    SUCCESSFUL = "SUCCESSFUL"
    #: One that only a newer server knows. Not final.
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        return self in (TaskResultStatus.FAILED, TaskResultStatus.SUCCESSFUL)

    def __str__(self) -> str:
        return self.value
