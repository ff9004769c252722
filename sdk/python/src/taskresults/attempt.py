"""An attempt at a task under a lease: what both kinds share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from taskresults.errors import (
    IllegalTransition,
    NotEncodable,
    PayloadTooLarge,
    StaleAttempt,
    TaskResultDoesNotExist,
    TaskResultsError,
)
from taskresults.steps import Player, Script, T
from taskresults.task_error import TaskError
from taskresults.task_result import TaskResult
from taskresults.writing import fail, renew_lease, start_attempt, succeed

#: Exceptions after which another attempt is to be made; as in an `except` clause.
RetryOn = type[Exception] | tuple[type[Exception], ...]

_LOST = (StaleAttempt, IllegalTransition, TaskResultDoesNotExist)


class Attempt:
    """What a worker knows of the attempt that it is making. Also what `run` passes to a task that takes a context."""

    def __init__(self, player: Player, id: str, worker_id: str, lease: float, force: bool, retry_on: RetryOn) -> None:
        #: The result's id.
        self.id = id
        #: Who runs the attempt.
        self.worker_id = worker_id
        #: The number of the attempt, counted from 1. 0 before it has started.
        self.number = 0
        #: To be set to what the task returns.
        self.return_value: Any = None
        self._lease = lease
        self._force = force
        self._retry_on = retry_on
        self._player = player
        self._timeout = player.timeout
        self._loss: TaskResultsError | None = None

    @property
    def is_lost(self) -> bool:
        """Another worker has taken the task, or the result is finished or deleted: whatever comes of this is void."""
        return self._loss is not None

    def check(self) -> None:
        """Raises the loss of this attempt once it is lost, so that long work in a thread ends early."""
        if self._loss is not None:
            raise self._loss

    def _call(self, function: Callable[..., T], result: TaskResult) -> T:
        """Calls the function of a task as its result says."""
        context = (self,) if result.task.takes_context else ()
        return function(*context, *result.args, **result.kwargs)

    @property
    def _renewal_interval(self) -> float:
        return self._lease / 3

    def _start(self) -> Script[None]:
        started = yield from start_attempt(self.id, self.worker_id, self._lease, self._force, self._timeout)
        self.number = started.attempt

    def _renew(self) -> Script[None]:
        """Notes the loss of the attempt. A server out of reach is no loss: the next renewal may reach it."""
        try:
            yield from renew_lease(self.id, self.number, self._lease, min(self._timeout, self._renewal_interval))
        except _LOST as loss:
            self._loss = loss
        except TaskResultsError:
            pass

    def _report(self, error: BaseException | None) -> Script[None]:
        """Tells the outcome. What is no `Exception` says nothing about the task: the attempt is left to its lease."""
        if self._loss is not None:
            if error is not self._loss:
                raise self._loss from error
        elif error is None:
            yield from self._succeed()
        elif isinstance(error, Exception):
            retry = isinstance(error, self._retry_on)
            yield from fail(self.id, self.number, error, retry, self._timeout)

    def _succeed(self) -> Script[None]:
        try:
            yield from succeed(self.id, self.number, self.return_value, self._timeout)
        except TaskResultsError as unfit:
            if not _is_unfit(unfit):
                raise
            report = TaskError.from_exception(unfit)
            report = replace(report, message=f"the return value cannot be stored: {report.message}")
            yield from fail(self.id, self.number, report, False, self._timeout)
            raise


def _is_unfit(error: TaskResultsError) -> bool:
    """Whether it was the value: no JSON, over the limit of values, or over that of messages, which has no reason."""
    return isinstance(error, (NotEncodable, PayloadTooLarge)) or error.reason == "RESOURCE_EXHAUSTED"
