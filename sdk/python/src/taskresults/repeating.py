"""Calls that are made again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message
from grpc import StatusCode

from taskresults.errors import TaskResultsError
from taskresults.pauses import Pauses
from taskresults.retry_rule import is_worth_repeating, is_worth_reporting_again
from taskresults.seconds import MAX_CALL_SECONDS
from taskresults.steps import Call, Pause, Script

_TOO_LATE = StatusCode.DEADLINE_EXCEEDED

# What is left of a call's time for its last try, unless that is more than a quarter.
_LAST_TRY = 1.0

# A server's own DEADLINE_EXCEEDED may come so much before the deadline, by its clock.
_EARLY = 0.1


def call(method: str, request: Message, timeout: float, *, repeatable: bool = True) -> Script[Any]:
    """The response, asked for again after what says nothing about the call, until so many seconds are over."""
    return _repeat(method, request, timeout, timeout, is_worth_repeating if repeatable else _never)


def report(method: str, request: Message, timeout: float, patience: float) -> Script[Any]:
    """The response to what must not get lost: asked for again, `timeout` seconds each, until the patience is over."""
    return _repeat(method, request, timeout, patience, is_worth_reporting_again)


def _repeat(
    method: str,
    request: Message,
    timeout: float,
    patience: float,
    is_worth_another: Callable[[TaskResultsError], bool],
) -> Script[Any]:
    deadline = time.monotonic() + patience
    last_try = max(0.0, min(_LAST_TRY, patience / 4))
    kept: TaskResultsError | None = None
    pauses = Pauses()
    while True:
        seconds = min(timeout, deadline - time.monotonic(), MAX_CALL_SECONDS)
        if seconds <= 0:  # gRPC might send it nevertheless
            raise kept or TaskResultsError("there is no time for the call", reason=_TOO_LATE.name, code=_TOO_LATE)
        try:
            return (yield Call(method, request, seconds))
        except TaskResultsError as error:
            left = deadline - time.monotonic()
            if kept is not None and error.code is _TOO_LATE and left < _EARLY:
                raise kept from kept.__cause__  # which says more than that the deadline came
            # However long the pause should be, the last try is made in time, if the server takes one then.
            longest = left - last_try
            if longest <= error.retry_delay or not is_worth_another(error):
                raise
            kept = error
            pause = min(pauses.next(error), longest)
        yield Pause(pause)


def _never(error: TaskResultsError) -> bool:
    return False
