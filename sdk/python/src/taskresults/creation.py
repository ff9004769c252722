"""The part of a result that never changes within one incarnation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from taskresults import json_text
from taskresults.convert import to_datetime, to_task
from taskresults.errors import NotInView
from taskresults.task import Task
from taskresults.v1 import task_result_pb2 as pb
from taskresults.view import TaskResultView


@dataclass(frozen=True, kw_only=True)
class Creation:
    id: str
    incarnation: int
    task: Task
    enqueued_at: datetime
    backend: str
    max_attempts: int
    #: As is kwargs_json, None in the BASIC view.
    args_json: str | None
    kwargs_json: str | None

    @cached_property
    def args(self) -> list[Any]:
        arguments: list[Any] = json_text.decode(in_view("args", self.args_json))
        return arguments

    @cached_property
    def kwargs(self) -> dict[str, Any]:
        arguments: dict[str, Any] = json_text.decode(in_view("kwargs", self.kwargs_json))
        return arguments

    @property
    def view(self) -> TaskResultView:
        """The view in which it was read."""
        return TaskResultView.BASIC if self.args_json is None else TaskResultView.FULL

    @classmethod
    def from_message(cls, message: pb.TaskResult) -> Creation:
        return cls(
            id=message.id,
            incarnation=message.incarnation,
            task=to_task(message.task),
            enqueued_at=to_datetime(message.enqueued_at),
            backend=message.backend,
            max_attempts=message.attempt_policy.max_attempts,
            args_json=message.args_json or None,
            kwargs_json=message.kwargs_json or None,
        )


def in_view(name: str, text: str | None) -> str:
    """The text of what is called so, which the BASIC view leaves out."""
    if text is None:
        raise NotInView(f"{name} is not part of the BASIC view")
    return text
