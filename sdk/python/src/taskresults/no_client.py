"""What stands in for the client of a handle that was unpickled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn

from taskresults.steps import Player, Script


class NoClient:
    """A player of nothing."""

    timeout = 0.0
    heartbeat = 0.0

    def play(self, script: Script[Any]) -> NoReturn:
        _refuse()

    async def aplay(self, script: Script[Any]) -> NoReturn:
        _refuse()

    def follow(self, script: Script[None]) -> Iterator[Any]:
        _refuse()

    def afollow(self, script: Script[None]) -> AsyncIterator[Any]:
        _refuse()


def _refuse() -> NoReturn:
    raise RuntimeError("this handle was pickled, which leaves its client behind: get() or watch() the id with a client")


NO_CLIENT: Player = NoClient()
