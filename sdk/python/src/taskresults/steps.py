"""Scripts: what the client does, written once and free of I/O.

A script is a generator. It yields steps, is sent the answer to each, and has a refusal thrown into it. A player
performs the steps: `SyncPlayer` by blocking, `AsyncPlayer` by awaiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from google.protobuf.message import Message

from taskresults.errors import InvalidField, TaskResultsError
from taskresults.v1.task_result_service_pb2 import WatchTaskResultsRequest

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One unary call, which may take so many seconds. Its answer is the response."""

    method: str
    request: Message
    timeout: float


@dataclass(frozen=True)
class Pause:
    """A pause of so many seconds."""

    seconds: float


class Stream(Protocol):
    """An open stream."""

    def cancel(self) -> Any:
        """Ends it at once. Does nothing to one that has ended."""


@dataclass(frozen=True)
class Open:
    """Opens a watch. Its answer is a `Stream`."""

    request: WatchTaskResultsRequest


@dataclass(frozen=True)
class Read:
    """Awaits the next event of a stream, for so many seconds at most. Its answer is the event, or None at its end."""

    stream: Any
    timeout: float


@dataclass(frozen=True)
class Emit:
    """Passes a value to the caller that iterates over the script."""

    value: Any


@dataclass(frozen=True)
class Done(Generic[T]):
    """The script has ended with this value."""

    value: T


Step: TypeAlias = Call | Pause | Open | Read | Emit
Script: TypeAlias = Generator[Step, Any, T]


def advance(script: Script[T], answer: Any = None, problem: TaskResultsError | None = None) -> Step | Done[T]:
    """The next step of a script, after the answer to its last one or the problem that there was."""
    try:
        return script.send(answer) if problem is None else script.throw(problem)
    except StopIteration as end:
        return Done(end.value)
    except UnicodeEncodeError as error:  # of a message that was being made
        raise InvalidField(f"a text is no Unicode: {error}") from error


class Player(Protocol):
    """Performs scripts, for callers of both kinds."""

    timeout: float
    heartbeat: float

    def play(self, script: Script[T]) -> T: ...

    async def aplay(self, script: Script[T]) -> T: ...

    def follow(self, script: Script[None]) -> Iterator[Any]: ...

    def afollow(self, script: Script[None]) -> AsyncIterator[Any]: ...
