"""When a call is made again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message
from grpc import StatusCode

from taskresults.errors import ClientClosed, InternalError, TaskResultsError
from taskresults.seconds import MAX_CALL_SECONDS
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
    return _repeat(method, request, timeout, timeout, _is_out_of_reach if repeatable else _never)


def report(method: str, request: Message, timeout: float, patience: float) -> Script[Any]:
    """The response to what must not get lost: asked for again, `timeout` seconds each, until the patience is over."""
    return _repeat(method, request, timeout, patience, lambda error: is_mendable(error) and not is_too_large(error))


def is_too_large(error: TaskResultsError) -> bool:
    """Whether a message is larger than the server takes, for which gRPC has no reason of its own."""
    return error.reason == StatusCode.RESOURCE_EXHAUSTED.name


def _repeat(
    method: str,
    request: Message,
    timeout: float,
    patience: float,
    is_worth_another: Callable[[TaskResultsError], bool],
) -> Script[Any]:
    deadline = time.monotonic() + patience
    for pause in growing_pauses():
        seconds = min(timeout, deadline - time.monotonic(), MAX_CALL_SECONDS)
        try:
            if seconds <= 0:  # gRPC might send it nevertheless
                code = StatusCode.DEADLINE_EXCEEDED
                raise TaskResultsError("there is no time for the call", reason=code.name, code=code)
            return (yield Call(method, request, seconds))
        except TaskResultsError as error:
            pause = max(pause, error.retry_delay)
            too_late = time.monotonic() + pause >= deadline
            if too_late or not is_worth_another(error):
                raise
        yield Pause(pause)
    raise AssertionError("pauses never end")


def _is_out_of_reach(error: TaskResultsError) -> bool:
    return error.code is StatusCode.UNAVAILABLE


def _never(error: TaskResultsError) -> bool:
    return False
