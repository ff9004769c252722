"""An attempt at a task under a lease: what both kinds share."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import Any, TypeAlias
from uuid import uuid4

from taskresults.cutting import cut
from taskresults.errors import StaleAttempt, TaskResultsError
from taskresults.retry_rule import LOST, is_unfit
from taskresults.seconds import finite
from taskresults.steps import Player, Script, T
from taskresults.task_error import TaskError
from taskresults.task_result import TaskResult
from taskresults.task_result_state import TaskResultState
from taskresults.writing import failed, finish, keep_lease, start_attempt, succeeded

#: Classes of exceptions, as in an `except` clause.
Exceptions: TypeAlias = type[BaseException] | tuple[type[BaseException], ...]

#: Which exceptions are worth another attempt: classes, or a function that says so of each.
Retry: TypeAlias = Exceptions | Callable[[BaseException], bool]

# An outcome without a lease is reported for this long.
_PATIENCE_WITHOUT_LEASE = 60.0
# However short the lease is: perhaps nobody has taken the task over.
_MIN_PATIENCE = 5.0
# Bytes of a text that is sent when the whole one was refused.
_MAX_BRIEF_BYTES = 1024


@dataclass(frozen=True, kw_only=True)
class AttemptOptions:
    """How an attempt is made: see `TaskResults.attempt`."""

    worker_id: str
    lease: float | None
    force: bool = False
    retry: Retry
    also_report: Exceptions

    def __post_init__(self) -> None:
        for classes in (self.also_report, () if callable(self.retry) else self.retry):
            isinstance(None, classes)  # raises TypeError for what is no class
        if iscoroutinefunction(self.retry):
            raise TypeError("retry: must not be asynchronous")

    def is_worth_another_attempt(self, error: BaseException) -> bool:
        """What `retry` says. False when it fails: no outcome is lost."""
        if isinstance(self.retry, (type, tuple)):
            return _is_one_of(error, self.retry, otherwise=False)
        try:
            return bool(self.retry(error))
        except Exception:
            return False


class Attempt:
    """What a worker knows of the attempt that it is making. Also what `run` passes to a task that takes a context."""

    def __init__(self, player: Player, id: str, options: AttemptOptions, expected: int = 0) -> None:
        #: The result's id.
        self.id = id
        #: Who runs the attempt.
        self.worker_id = options.worker_id
        #: The number of the attempt, counted from 1. 0 before it has started.
        self.number = 0
        #: The incarnation of the result: with id and number, it identifies the attempt. 0 before it has started.
        self.incarnation = 0
        #: To be set to what the task returns.
        self.return_value: Any = None
        self._options = options
        # The incarnation that is meant; 0: whichever has the id.
        self._expected = expected
        self._lease = finite(options.lease)
        self._player = player
        self._timeout = player.timeout
        # The start, and a repetition of it, are one.
        self._request_id = str(uuid4())
        self._patience = max(self._lease or _PATIENCE_WITHOUT_LEASE, _MIN_PATIENCE)
        # Leaves time to ask again when an answer gets lost.
        self._report_timeout = min(self._timeout, self._patience / 3)
        self._renewed_at = 0.0
        self._loss: TaskResultsError | None = None
        self._is_reporting = False
        # The answer to the report of a success, and the value as it was sent.
        self._recorded: tuple[TaskResultState, str] | None = None

    @property
    def is_lost(self) -> bool:
        """Whether another worker has taken the task, or the result is finished or deleted: no outcome counts then."""
        return self._loss is not None

    def check(self) -> None:
        """Raises the loss of this attempt once it is lost, so that long work in a thread ends early."""
        if self._loss is not None:
            raise self._loss

    def _call(self, function: Callable[..., T], result: TaskResult) -> T:
        """Calls the function of a task as its result says."""
        context = (self,) if result.task.takes_context else ()
        return function(*context, *result.args, **result.kwargs)

    def _start(self) -> Script[None]:
        self._renewed_at = time.monotonic()
        started = yield from start_attempt(
            self.id, self.worker_id, self._lease, self._options.force, self._request_id, self._timeout
        )
        self.number = started.attempt
        self.incarnation = started.state.incarnation
        if self._expected not in (0, self.incarnation):
            # A start names an id. What was created anew under it, maybe for another task, is left to others.
            gone = StaleAttempt(f'task result "{self.id}" has been created anew')
            with suppress(TaskResultsError):
                yield from self._fail(TaskError.from_exception(gone), retry=True)
            raise gone

    def _give_back(self, reason: BaseException) -> Script[None]:
        """After a start that was cut short: the server may have taken it, or may take it yet.

        The same start again returns its attempt, which is then given back, since nobody is going to make it.
        """
        self._hurry()
        with suppress(TaskResultsError):
            yield from self._start()
            yield from self._fail(TaskError.from_exception(reason), retry=True)

    # Leases are renewed at a third of their time, from one beginning to the next: a renewal that is stuck takes no
    # longer than that, and does not put off the next one. They go on until the outcome is reported.

    @property
    def _seconds_to_renewal(self) -> float:
        assert self._lease is not None
        return max(0.0, self._renewed_at + self._lease / 3 - time.monotonic())

    def _renew(self) -> Script[bool]:
        """Whether to go on renewing. A server that is out of reach is no loss: the next renewal may reach it."""
        assert self._lease is not None
        self._renewed_at = time.monotonic()
        try:
            yield from keep_lease(
                self.id, self.number, self._lease, self.incarnation, min(self._timeout, self._lease / 3)
            )
        except LOST as loss:
            if not self._is_reporting:  # or it may be the report that has ended the attempt
                self._loss = loss
            return False
        except TaskResultsError:
            pass
        return True

    def _report(self, error: BaseException | None) -> Script[None]:
        """Reports the outcome. What is no `Exception` ends the worker and says nothing about the task.

        Unless the caller says otherwise, the attempt is then left to its lease; and it is passed on in any case.
        """
        self._is_reporting = True
        if error is None or not self._ends_worker(error):
            yield from self._tell(error)
        elif _is_one_of(error, self._options.also_report, otherwise=True):
            with suppress(TaskResultsError):
                yield from self._tell(error)

    def _ends_worker(self, error: BaseException) -> bool:
        return not isinstance(error, Exception)

    def _hurry(self) -> None:
        """Whoever waits for the report wants to go: from now on the report has the time of one call, or less."""
        self._patience = self._timeout = min(self._timeout, self._patience)

    def _tell(self, error: BaseException | None) -> Script[None]:
        if self._loss is not None:
            if error is not self._loss:
                raise self._loss from error
        elif error is None:
            yield from self._succeed()
        else:
            yield from self._fail(TaskError.from_exception(error), self._options.is_worth_another_attempt(error))

    def _succeed(self) -> Script[None]:
        try:
            request = succeeded(self.id, self.number, self.return_value, self.incarnation)
            state = yield from finish(request, self._report_timeout, self._patience)
            self._recorded = state, request.succeeded.return_value_json
        except TaskResultsError as unfit:
            if not is_unfit(unfit):
                raise
            report = TaskError.from_exception(unfit)
            yield from self._fail(replace(report, message=f"the return value cannot be stored: {report.message}"))
            raise

    def _fail(self, report: TaskError, retry: bool = False) -> Script[None]:
        try:
            yield from self._send_failure(report, retry)
        except TaskResultsError as unfit:
            if not is_unfit(unfit):
                raise
            brief = replace(report, message=cut(report.message, _MAX_BRIEF_BYTES), traceback="")
            yield from self._send_failure(brief, retry)

    def _send_failure(self, report: TaskError, retry: bool) -> Script[TaskResultState]:
        request = failed(self.id, self.number, report, retry, self.incarnation)
        return finish(request, self._report_timeout, self._patience)

    def _read(self, result: TaskResult) -> Script[None]:
        """Brings the result of a success up to date: at least to the state that the report returned."""
        assert self._recorded is not None
        state, return_value_json = self._recorded
        return result._read_finished(state, self.worker_id, return_value_json)


def _is_one_of(error: BaseException, classes: Exceptions, otherwise: bool) -> bool:
    """Whether it is. Where a class has an idea of its instances that fails, `otherwise` counts: no outcome is lost."""
    try:
        return isinstance(error, classes)
    except Exception:
        return otherwise
