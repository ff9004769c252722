"""The handle of a result."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from taskresults import json_text
from taskresults.convert import to_task
from taskresults.errors import NotInView, TaskFailed, TaskNotFinished
from taskresults.following import watch
from taskresults.reading import refresh
from taskresults.snapshot import Snapshot
from taskresults.status import TaskResultStatus
from taskresults.steps import Player, Script
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.v1 import task_result_pb2 as pb


class TaskResult:
    """What is known of one task result, with the attributes and methods of Django's `TaskResult`.

    It never changes by itself: `refresh` and `arefresh` bring it up to date, in one step for other threads. All times
    are in UTC, exact to the microsecond. `args`, `kwargs` and `return_value` are decoded when they are first asked for;
    their texts, byte for byte as they were stored, are `args_json`, `kwargs_json` and `return_value_json`.
    """

    def __init__(self, player: Player, message: pb.TaskResult) -> None:
        self._player = player
        self._task = to_task(message.task)
        self._id = message.id
        self._backend = message.backend
        self._args_json = message.args_json or None
        self._kwargs_json = message.kwargs_json or None
        self._snapshot = Snapshot.from_message(message)

    def __repr__(self) -> str:
        return f"<TaskResult {self.id!r} of {self.task.path!r}: {self.status}, revision {self.revision}>"

    # What never changes

    @property
    def task(self) -> Task:
        """What was asked for."""
        return self._task

    @property
    def id(self) -> str:
        """1 to 64 characters, case-sensitive."""
        return self._id

    @property
    def backend(self) -> str:
        """Name of the task backend that the caller used."""
        return self._backend

    @property
    def args_json(self) -> str | None:
        """Text of the JSON array. None in the BASIC view."""
        return self._args_json

    @property
    def kwargs_json(self) -> str | None:
        """Text of the JSON object. None in the BASIC view."""
        return self._kwargs_json

    @cached_property
    def args(self) -> list[Any]:
        """Positional arguments. Raises `NotInView` in the BASIC view."""
        arguments: list[Any] = json_text.decode(_in_view("args", self._args_json))
        return arguments

    @cached_property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments. Raises `NotInView` in the BASIC view."""
        arguments: dict[str, Any] = json_text.decode(_in_view("kwargs", self._kwargs_json))
        return arguments

    # What changes

    @property
    def status(self) -> TaskResultStatus:
        """Where it stands."""
        return self._snapshot.status

    @property
    def enqueued_at(self) -> datetime:
        """When the result was created."""
        return self._snapshot.enqueued_at

    @property
    def started_at(self) -> datetime | None:
        """Start of the first attempt."""
        return self._snapshot.started_at

    @property
    def last_attempted_at(self) -> datetime | None:
        """Start of the newest attempt."""
        return self._snapshot.last_attempted_at

    @property
    def finished_at(self) -> datetime | None:
        """None until the result is FAILED or SUCCESSFUL."""
        return self._snapshot.finished_at

    @property
    def errors(self) -> list[TaskError]:
        """One for each failed or lost attempt, oldest first."""
        return self._snapshot.errors

    @property
    def worker_ids(self) -> list[str]:
        """One for each attempt, in order; the same worker twice counts twice."""
        return self._snapshot.worker_ids

    @property
    def metadata(self) -> dict[str, str]:
        """Labels to find the result by."""
        return self._snapshot.metadata

    @property
    def revision(self) -> int:
        """1 at create, one more at every change."""
        return self._snapshot.revision

    @property
    def expires_at(self) -> datetime | None:
        """When retention may remove the result. None: it is kept until deleted."""
        return self._snapshot.expires_at

    @property
    def return_value_json(self) -> str | None:
        """Text of the return value. None unless SUCCESSFUL, and in the BASIC view."""
        return self._snapshot.return_value_json

    @property
    def return_value(self) -> Any:
        """What the task returned; None is a value.

        Raises `TaskFailed` ("Task failed") or `TaskNotFinished` ("Task has not finished yet"), both of them
        ValueErrors, and `NotInView` in the BASIC view.
        """
        snapshot = self._snapshot
        if snapshot.status is TaskResultStatus.FAILED:
            raise TaskFailed("Task failed")
        if snapshot.status is not TaskResultStatus.SUCCESSFUL:
            raise TaskNotFinished("Task has not finished yet")
        _in_view("return_value", snapshot.return_value_json)
        return snapshot.return_value

    @property
    def is_finished(self) -> bool:
        """FAILED or SUCCESSFUL: it will not change again."""
        return self.status.is_final

    @property
    def attempts(self) -> int:
        """Number of attempts started, so 1 while the first one runs."""
        return len(self.worker_ids)

    # Asking again

    def refresh(self) -> None:
        """Brings the handle up to date, in place; costs next to nothing when nothing has changed.

        Raises `TaskResultDoesNotExist` when the result was deleted; the handle keeps what it had. On a handle of
        `AsyncTaskResults` it can be called from any thread but that of the event loop, where it raises RuntimeError.
        """
        self._take(self._player.play(refresh(self.id, self.revision, self._player.timeout)))

    async def arefresh(self) -> None:
        """The same as `refresh`. On a handle of `TaskResults` it does its work in a thread."""
        self._take(await self._player.aplay(refresh(self.id, self.revision, self._player.timeout)))

    def watch(self) -> Iterator[TaskResult]:
        """Newer states of this result, each a handle of its own; ends when it is finished.

        Goes on through lost links and restarts of the server. Intermediate states may be left out, the newest never is.
        Raises `TaskResultDoesNotExist` once the result is deleted. Only for handles of `TaskResults`.
        """
        return self._player.follow(self._newer_states())

    def awatch(self) -> AsyncIterator[TaskResult]:
        """The same as `watch`, for handles of `AsyncTaskResults`."""
        return self._player.afollow(self._newer_states())

    def _newer_states(self) -> Script[None]:
        return watch(partial(TaskResult, self._player), self.id, self.revision, self._player.heartbeat)

    def _take(self, newer: Snapshot | None) -> None:
        if newer is not None:
            self._snapshot = newer


def _in_view(name: str, text: str | None) -> str:
    if text is None:
        raise NotInView(f"{name} is not part of the BASIC view")
    return text
