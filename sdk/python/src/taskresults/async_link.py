"""The channel of a client for asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import grpc.aio

from taskresults import forking, green_threads
from taskresults.channel import methods
from taskresults.errors import ClientForked


class AsyncStream:
    """An open watch. A fork cuts it, or gRPC might crash in the child."""

    def __init__(self, call: grpc.aio.UnaryStreamCall[Any, Any]) -> None:
        self._call = call
        self._pid = os.getpid()
        forking.made("asyncio", call)
        self._work = forking.begin()
        self._loop = asyncio.get_running_loop()
        forking.cut_at_forks(self._cut)

    def read(self) -> Awaitable[Any]:
        return self._call.read()

    def cancel(self) -> None:
        forking.end(self._work)
        forking.spare(self._cut)
        if self._pid == os.getpid():
            self._call.cancel()

    def _cut(self) -> None:
        try:
            is_here = asyncio.get_running_loop() is self._loop
        except RuntimeError:
            is_here = False
        if is_here:
            self._call.cancel()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._call.cancel)


class AsyncLink:
    """Belongs to the process in which it is made: a child has no event loop for it."""

    def __init__(self, connect: Callable[[], grpc.aio.Channel]) -> None:
        forking.check("asyncio")
        if green_threads.is_patched():
            raise RuntimeError("gRPC's asyncio does not work with the threads of gevent: use TaskResults")
        self._pid = os.getpid()
        self._channel: grpc.aio.Channel | None = connect()
        forking.made("asyncio", self._channel)
        #: All calls of the contract by their names. Empty once it is closed.
        self.methods: dict[str, Any] = methods(self._channel)

    @property
    def is_inherited(self) -> bool:
        return self._pid != os.getpid()

    def check(self) -> None:
        """Raises `ClientForked` in a child."""
        if self.is_inherited:
            raise ClientForked(f"a client for asyncio stays in the process that made it: {forking.ADVICE}")

    async def close(self) -> None:
        """May be called again. Lets go of the channel, since what is left of one counts as open at a fork."""
        channel, self._channel, self.methods = self._channel, None, {}
        if channel is not None:
            await channel.close()
