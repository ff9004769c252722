"""The part of a result that changes, as it stood at one revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from taskresults import json_text
from taskresults.convert import optional_datetime, to_datetime, to_errors, to_status
from taskresults.status import TaskResultStatus
from taskresults.task_error import TaskError
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1 import task_result_service_pb2 as reads


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    status: TaskResultStatus
    enqueued_at: datetime
    started_at: datetime | None
    last_attempted_at: datetime | None
    finished_at: datetime | None
    errors: list[TaskError]
    worker_ids: list[str]
    return_value_json: str | None
    metadata: dict[str, str]
    revision: int
    expires_at: datetime | None

    @cached_property
    def return_value(self) -> Any:
        return json_text.decode(self.return_value_json or "null")

    @classmethod
    def from_message(cls, message: pb.TaskResult | reads.TaskResultUpdate) -> Snapshot:
        return cls(
            status=to_status(message.status),
            enqueued_at=to_datetime(message.enqueued_at),
            started_at=optional_datetime(message, "started_at"),
            last_attempted_at=optional_datetime(message, "last_attempted_at"),
            finished_at=optional_datetime(message, "finished_at"),
            errors=to_errors(message.errors),
            worker_ids=list(message.worker_ids),
            return_value_json=message.return_value_json if message.HasField("return_value_json") else None,
            metadata=dict(message.metadata),
            revision=message.revision,
            expires_at=optional_datetime(message, "expires_at"),
        )
