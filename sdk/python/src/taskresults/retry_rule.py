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

# What links and proxies say, or a server that is away: nothing about the call itself.
_SAYS_NOTHING = {StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED}

# A wait or a watch that meets so many bugs of the server in a row is given up.
_MAX_BUGS = 3

# How gRPC libraries, in any language, say that a message is too large. They have no reason for it.
_TOO_LARGE = re.compile("message larger than max|message exceeds maximum size")


def is_worth_repeating(error: TaskResultsError) -> bool:
    """Whether a call that failed so is to be made again, or a stream to be opened again."""
    if isinstance(error, (ClientClosed, InternalError)):
        return False
    return isinstance(error, LimitReached) or error.code in _SAYS_NOTHING


class StreamRule:
    """The same for a wait or a watch: it outlives bugs of the server, unless many come in a row."""

    def __init__(self) -> None:
        self._bugs = 0

    def is_worth_reopening(self, error: TaskResultsError) -> bool:
        if not isinstance(error, InternalError):
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
        error.reason == StatusCode.RESOURCE_EXHAUSTED.name and _TOO_LARGE.search(str(error)) is not None
    )
