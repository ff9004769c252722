"""The handle of a result."""

from __future__ import annotations

import copy
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import partial
from typing import Any

from taskresults import forking
from taskresults.errors import TaskFailed, TaskNotFinished, TaskResultsError
from taskresults.following import watch
from taskresults.no_client import NO_CLIENT
from taskresults.reading import refresh
from taskresults.snapshot import Snapshot
from taskresults.status import TaskResultStatus
from taskresults.steps import Player, Script
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.task_result_state import TaskResultState
from taskresults.v1 import task_result_pb2 as pb
from taskresults.version import TaskResultVersion

# Held while a handle takes a newer state.
_taking = threading.Lock()
forking.hold(_taking)


class TaskResult:
    """What is known of one task result, with the attributes and methods of Django's `TaskResult`.

    It can be copied and pickled. A pickled handle knows no client: refreshing or watching it raises RuntimeError.

    It never changes by itself: `refresh` and `arefresh` bring it up to date, in one step for other threads. All times
    are in UTC, exact to the microsecond. `args`, `kwargs` and `return_value` are decoded when they are first asked for;
    their texts, byte for byte as they were stored, are `args_json`, `kwargs_json` and `return_value_json`.
    """

    def __init__(self, player: Player, message: pb.TaskResult) -> None:
        self._player = player
        self._snapshot = Snapshot.from_message(message)

    # A client stays in its process. What is known of the result may go anywhere.

    def __getstate__(self) -> Snapshot:
        return self._snapshot

    def __setstate__(self, snapshot: Snapshot) -> None:
        self._player = NO_CLIENT
        self._snapshot = snapshot

    def __copy__(self) -> TaskResult:
        other = object.__new__(type(self))
        other._player, other._snapshot = self._player, self._snapshot
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> TaskResult:
        other = copy.copy(self)
        other._snapshot = copy.deepcopy(self._snapshot, memo)
        return other

    def __repr__(self) -> str:
        snapshot = self._snapshot
        of = f"{snapshot.creation.id!r} of {snapshot.creation.task.path!r}"
        return f"<TaskResult {of}: {snapshot.status}, revision {snapshot.revision}>"

    # What never changes, unless the result is deleted and created anew

    @property
    def id(self) -> str:
        """1 to 64 characters, case-sensitive."""
        return self._snapshot.creation.id

    @property
    def incarnation(self) -> int:
        """Which creation under this id: a result that is deleted and created anew has a higher one."""
        return self._snapshot.creation.incarnation

    @property
    def task(self) -> Task:
        """What was asked for."""
        return self._snapshot.creation.task

    @property
    def enqueued_at(self) -> datetime:
        """When the result was created."""
        return self._snapshot.creation.enqueued_at

    @property
    def backend(self) -> str:
        """Name of the task backend that the caller used."""
        return self._snapshot.creation.backend

    @property
    def args_json(self) -> str | None:
        """Text of the JSON array. None in the BASIC view."""
        return self._snapshot.creation.args_json

    @property
    def kwargs_json(self) -> str | None:
        """Text of the JSON object. None in the BASIC view."""
        return self._snapshot.creation.kwargs_json

    @property
    def args(self) -> list[Any]:
        """Positional arguments. Raises `NotInView` in the BASIC view, `NotDecodable`."""
        return self._snapshot.creation.args

    @property
    def kwargs(self) -> dict[str, Any]:
        """Keyword arguments. Raises `NotInView` in the BASIC view, `NotDecodable`."""
        return self._snapshot.creation.kwargs

    @property
    def max_attempts(self) -> int:
        """Attempts that may be made. The failure or loss of the last one is final."""
        return self._snapshot.creation.max_attempts

    # What changes

    @property
    def status(self) -> TaskResultStatus:
        """Where it stands."""
        return self._snapshot.status

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
        """One for each failed or lost attempt, oldest first: the newest up to 1 MiB; one in the BASIC view."""
        return self._snapshot.errors

    @property
    def worker_ids(self) -> list[str]:
        """One for each attempt, in order: the newest up to 256 KiB; one in the BASIC view."""
        return self._snapshot.worker_ids

    @property
    def metadata(self) -> dict[str, str]:
        """Labels to find the result by."""
        return self._snapshot.metadata

    @property
    def revision(self) -> int:
        """Grows at every change, and begins again when the result is created anew."""
        return self._snapshot.revision

    @property
    def version(self) -> TaskResultVersion:
        """Incarnation and revision: which state this is."""
        return self._snapshot.version

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
        ValueErrors, `NotInView` in the BASIC view, and `NotDecodable`.
        """
        snapshot = self._snapshot
        if snapshot.status is TaskResultStatus.FAILED:
            raise TaskFailed("Task failed")
        if snapshot.status is not TaskResultStatus.SUCCESSFUL:
            raise TaskNotFinished("Task has not finished yet")
        return snapshot.return_value

    @property
    def is_finished(self) -> bool:
        """FAILED or SUCCESSFUL: it will not change again."""
        return self.status.is_final

    @property
    def attempts(self) -> int:
        """Number of attempts started, so 1 while the first one runs."""
        return self._snapshot.attempts

    @property
    def error_count(self) -> int:
        """Number of errors so far, also of those that `errors` no longer holds."""
        return self._snapshot.error_count

    # Asking again

    def refresh(self) -> None:
        """Brings the handle up to date, in place; costs next to nothing when nothing has changed.

        A result that was deleted and created anew replaces everything, task and arguments included. When it was only
        deleted, raises `TaskResultDoesNotExist`, and the handle keeps what it had. On a handle of `AsyncTaskResults` it
        can be called from any thread but that of the event loop, where it raises RuntimeError.
        """
        self._player.play(self._read())

    async def arefresh(self) -> None:
        """The same as `refresh`. On a handle of `TaskResults` it does its work in a thread."""
        await self._player.aplay(self._read())

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
        return watch(partial(TaskResult, self._player), self.id, self.version, self._player.heartbeat)

    def _read(self) -> Script[None]:
        asked = self._snapshot
        newer = yield from refresh(asked, self._player.timeout)
        if newer is not None:
            self._take(asked, newer)

    def _read_finished(self, state: TaskResultState, worker_id: str, return_value_json: str) -> Script[None]:
        """Reads the result after a success. When that fails, or finds another creation, takes this state alone."""
        asked = self._snapshot
        succeeded = asked.succeeded(state, worker_id, return_value_json)
        try:
            newer = yield from refresh(asked, self._player.timeout)
        except TaskResultsError:
            newer = None
        is_its_own = newer is not None and newer.creation is asked.creation
        self._take(asked, newer if newer is not None and is_its_own else succeeded)

    def _take(self, asked: Snapshot, newer: Snapshot) -> None:
        """Refreshes may overlap: an answer that comes late does not bring back what another one has replaced."""
        with _taking:
            if self._snapshot is asked or newer.version > self._snapshot.version:
                self._snapshot = newer
