"""When a call is made again."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.message import Message
from grpc import StatusCode

from taskresults.errors import (
    ClientClosed,
    IllegalTransition,
    InternalError,
    InvalidField,
    NotEncodable,
    PayloadTooLarge,
    StaleAttempt,
    TaskResultDoesNotExist,
    TaskResultsError,
)
from taskresults.seconds import MAX_CALL_SECONDS
from taskresults.steps import Call, Pause, Script

_TOO_LATE = StatusCode.DEADLINE_EXCEEDED

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0
# No pause takes the time of the last try.
_LAST_TRY = 0.25

#: The attempt is over for its worker.
LOST = (StaleAttempt, IllegalTransition, TaskResultDoesNotExist)

# Of libraries in any language, which have no reason for it.
_TOO_LARGE = re.compile("message larger than max|message exceeds maximum size")

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
    """The response to what must not get lost: asked for again, `timeout` seconds each, until the patience is over.

    Only the loss of the attempt and a refusal of what was sent are answers. Whatever else comes back, maybe from a
    proxy, says nothing about the outcome.
    """
    return _repeat(
        method,
        request,
        timeout,
        patience,
        lambda error: not (isinstance(error, (*LOST, ClientClosed)) or is_unfit(error)),
    )


def is_unfit(error: TaskResultsError) -> bool:
    """Whether what was to be stored was refused, and something else would be taken."""
    return isinstance(error, (NotEncodable, PayloadTooLarge, InvalidField)) or (
        error.reason == StatusCode.RESOURCE_EXHAUSTED.name and _TOO_LARGE.search(str(error)) is not None
    )


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
    for pause in growing_pauses():
        seconds = min(timeout, deadline - time.monotonic(), MAX_CALL_SECONDS)
        if seconds <= 0:  # gRPC might send it nevertheless
            raise kept or TaskResultsError("there is no time for the call", reason=_TOO_LATE.name, code=_TOO_LATE)
        try:
            return (yield Call(method, request, seconds))
        except TaskResultsError as error:
            if kept is not None and seconds <= last_try and error.code is _TOO_LATE:
                raise kept from kept.__cause__  # which says more than that the last try was short
            left = deadline - time.monotonic() - last_try
            if left <= 0 or not is_worth_another(error):
                raise
            kept = error
            pause = min(max(pause, error.retry_delay), left)
        yield Pause(pause)
    raise AssertionError("pauses never end")


def _is_out_of_reach(error: TaskResultsError) -> bool:
    return error.code is StatusCode.UNAVAILABLE


def _never(error: TaskResultsError) -> bool:
    return False
