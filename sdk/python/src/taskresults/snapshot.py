"""A whole result as it stood at one version."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from taskresults import json_text
from taskresults.convert import optional_datetime, to_errors, to_status
from taskresults.creation import Creation, in_view
from taskresults.status import TaskResultStatus
from taskresults.task_error import TaskError
from taskresults.task_result_state import TaskResultState
from taskresults.v1 import task_result_pb2 as pb
from taskresults.version import TaskResultVersion


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    creation: Creation
    status: TaskResultStatus
    started_at: datetime | None
    last_attempted_at: datetime | None
    finished_at: datetime | None
    attempts: int
    error_count: int
    errors: list[TaskError]
    worker_ids: list[str]
    return_value_json: str | None
    metadata: dict[str, str]
    revision: int
    expires_at: datetime | None

    @cached_property
    def return_value(self) -> Any:
        return json_text.decode(in_view("return_value", self.return_value_json))

    @property
    def version(self) -> TaskResultVersion:
        return TaskResultVersion(self.creation.incarnation, self.revision)

    def changed(self, message: pb.TaskResult) -> Snapshot:
        """Another state of the same creation, from a message that leaves out what never changes."""
        return _from_message(self.creation, message)

    def succeeded(self, state: TaskResultState, worker_id: str, return_value_json: str) -> Snapshot:
        """What is known of it after a success whose report returned this state.

        The revision stays that of the rest: errors of other attempts may be missing, and a refresh is to bring them.
        """
        return replace(
            self,
            status=state.status,
            started_at=state.started_at,
            last_attempted_at=state.last_attempted_at,
            finished_at=state.finished_at,
            expires_at=state.expires_at,
            attempts=state.attempts,
            worker_ids=[*self.worker_ids, worker_id] if state.attempts > self.attempts else self.worker_ids,
            return_value_json=return_value_json,
        )

    @classmethod
    def from_message(cls, message: pb.TaskResult) -> Snapshot:
        return _from_message(Creation.from_message(message), message)


def _from_message(creation: Creation, message: pb.TaskResult) -> Snapshot:
    return Snapshot(
        creation=creation,
        status=to_status(message.status),
        started_at=optional_datetime(message, "started_at"),
        last_attempted_at=optional_datetime(message, "last_attempted_at"),
        finished_at=optional_datetime(message, "finished_at"),
        attempts=message.attempts,
        error_count=message.error_count,
        errors=to_errors(message.errors),
        worker_ids=list(message.worker_ids),
        return_value_json=message.return_value_json if message.HasField("return_value_json") else None,
        metadata=dict(message.metadata),
        revision=message.revision,
        expires_at=optional_datetime(message, "expires_at"),
    )
