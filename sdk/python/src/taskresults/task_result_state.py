"""What a transition returns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from taskresults.convert import optional_datetime, to_datetime, to_status
from taskresults.status import TaskResultStatus
from taskresults.v1 import task_lifecycle_service_pb2 as lifecycle
from taskresults.version import TaskResultVersion


@dataclass(frozen=True, kw_only=True)
class TaskResultState:
    """Where a result stands after a call that wrote it. The whole is read with `get`."""

    id: str
    #: Which creation under this id. With its number it is the fencing token of an attempt: every further call needs it.
    incarnation: int
    revision: int
    status: TaskResultStatus
    #: Number of attempts started so far. While RUNNING, this is also the number of the running attempt.
    attempts: int
    enqueued_at: datetime
    started_at: datetime | None
    last_attempted_at: datetime | None
    finished_at: datetime | None
    #: When the running attempt may be taken over by another worker. None: not RUNNING, or an attempt without a lease.
    lease_expires_at: datetime | None
    expires_at: datetime | None

    @property
    def version(self) -> TaskResultVersion:
        """Incarnation and revision: which state this is."""
        return TaskResultVersion(self.incarnation, self.revision)

    @classmethod
    def from_message(cls, state: lifecycle.TaskResultState) -> TaskResultState:
        return cls(
            id=state.id,
            incarnation=state.incarnation,
            revision=state.revision,
            status=to_status(state.status),
            attempts=state.attempts,
            enqueued_at=to_datetime(state.enqueued_at),
            started_at=optional_datetime(state, "started_at"),
            last_attempted_at=optional_datetime(state, "last_attempted_at"),
            finished_at=optional_datetime(state, "finished_at"),
            lease_expires_at=optional_datetime(state, "lease_expires_at"),
            expires_at=optional_datetime(state, "expires_at"),
        )
