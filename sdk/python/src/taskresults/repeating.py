"""When a call is made again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from google.protobuf.message import Message
from grpc import StatusCode

from taskresults.errors import ClientClosed, InternalError, TaskResultsError
from taskresults.steps import Call, Pause, Script

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0

_MENDABLE = {
    StatusCode.ABORTED,
    StatusCode.CANCELLED,
    StatusCode.DEADLINE_EXCEEDED,
    StatusCode.INTERNAL,
    StatusCode.RESOURCE_EXHAUSTED,
    StatusCode.UNAVAILABLE,
    StatusCode.UNKNOWN,
}


def growing_pauses() -> Iterator[float]:
    """Seconds, about doubling from 0.1 to 2, each with jitter."""
    pause = _FIRST_PAUSE
    while True:
        yield pause * random.uniform(0.5, 1)
        pause = min(2 * pause, _LONGEST_PAUSE)


def is_mendable(error: TaskResultsError) -> bool:
    """Whether a wait or a watch goes on after this: a lost link or a restart, not bad input, credentials or a bug."""
    return error.code in _MENDABLE and not isinstance(error, (ClientClosed, InternalError))


def call(method: str, request: Message, timeout: float, *, repeatable: bool = True) -> Script[Any]:
    """The response, asked for again on UNAVAILABLE until so many seconds are over."""
    deadline = time.monotonic() + timeout
    for pause in growing_pauses():
        try:
            return (yield Call(method, request, deadline - time.monotonic()))
        except TaskResultsError as error:
            pause = max(pause, error.retry_delay)
            too_late = time.monotonic() + pause >= deadline
            if not repeatable or error.code is not StatusCode.UNAVAILABLE or too_late:
                raise
        yield Pause(pause)
    raise AssertionError("pauses never end")
