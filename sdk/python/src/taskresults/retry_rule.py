"""What is worth another try: see the section of this name in sdk/README.md."""

from __future__ import annotations

import re

from grpc import StatusCode

from taskresults.errors import (
    ClientClosed,
    IllegalTransition,
    InternalError,
    InvalidField,
    LimitReached,
    NotEncodable,
    PayloadTooLarge,
    StaleAttempt,
    TaskResultDoesNotExist,
    TaskResultsError,
)

#: The attempt is over for its worker.
LOST = (StaleAttempt, IllegalTransition, TaskResultDoesNotExist)

# A wait or a watch that meets so many bugs of the server in a row is given up.
_MAX_BUGS = 3

# How the gRPC libraries of all languages say that a message is larger than either side allows. They have no reason for
# it, and busy servers and proxies that limit rates answer with the same code.
_TOO_LARGE = re.compile(r"\b(message|size) larger than\b|\bexceeds maximum size\b", re.IGNORECASE)

# How they say that a stream was reset with ENHANCE_YOUR_CALM.
_CALM = re.compile(r"\bENHANCE_YOUR_CALM\b|\bRST_STREAM with error code 11\b|\bbandwidth exhausted\b", re.IGNORECASE)


def is_worth_repeating(error: TaskResultsError) -> bool:
    """Whether a call that failed so is to be made again, or a stream to be opened again."""
    if isinstance(error, ClientClosed):
        return False
    match error.code:
        case StatusCode.UNAVAILABLE | StatusCode.CANCELLED:
            return True
        case StatusCode.RESOURCE_EXHAUSTED:
            return tells_limit(error)
        case StatusCode.INTERNAL | StatusCode.UNKNOWN:
            return not _has_reason(error)
    return False


def tells_limit(error: TaskResultsError) -> bool:
    """Whether the server, or the link to it, has as much to do as it can."""
    return isinstance(error, LimitReached) or (
        error.code is StatusCode.RESOURCE_EXHAUSTED and _CALM.search(str(error)) is not None
    )


def _has_reason(error: TaskResultsError) -> bool:
    """Whether the server itself has said it.

    Otherwise the name of the code is the reason. The server's INTERNAL has a class.
    """
    return isinstance(error, InternalError) or (error.code is not None and error.reason != error.code.name)


class StreamRule:
    """The same for a wait or a watch: it outlives bugs of the server, unless many come in a row."""

    def __init__(self) -> None:
        self._bugs = 0

    def is_worth_reopening(self, error: TaskResultsError) -> bool:
        if error.code is not StatusCode.INTERNAL or not _has_reason(error):
            return is_worth_repeating(error)
        self._bugs += 1
        return self._bugs < _MAX_BUGS

    def reset(self) -> None:
        """The server has sent something."""
        self._bugs = 0


def is_worth_reporting_again(error: TaskResultsError) -> bool:
    """Whether the report of an outcome may be taken a moment later.

    Only the loss of the attempt and a refusal of what was sent are answers. Whatever else comes back, maybe from a
    proxy, says nothing about the outcome.
    """
    return not (isinstance(error, (*LOST, ClientClosed)) or is_unfit(error))


def is_unfit(error: TaskResultsError) -> bool:
    """Whether what was to be stored was refused, and something else would be taken."""
    return isinstance(error, (NotEncodable, PayloadTooLarge, InvalidField)) or (
        error.code is StatusCode.RESOURCE_EXHAUSTED and _TOO_LARGE.search(str(error)) is not None
    )
