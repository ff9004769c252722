"""Performs scripts by awaiting."""

from __future__ import annotations

import asyncio
import copy
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import grpc
import grpc.aio

from taskresults import forking
from taskresults.async_link import AsyncLink, AsyncStream
from taskresults.channel import authorization, channel_credentials, channel_options
from taskresults.errors import ClientClosed, TaskResultsError
from taskresults.proxy import proxy_of
from taskresults.refusal import refusal
from taskresults.seconds import MAX_HEARTBEAT_SECONDS, MIN_HEARTBEAT_SECONDS, checked
from taskresults.steps import Call, Done, Emit, Open, Pause, Read, Script, Step, T, advance


class AsyncPlayer:
    """One channel, which belongs to the process and the event loop in which it is made."""

    def __init__(
        self,
        target: str,
        token: str | None,
        tls: bool | grpc.ChannelCredentials,
        proxy: bool,
        timeout: float,
        heartbeat: float,
    ) -> None:
        self.timeout = checked("timeout", timeout)
        self.heartbeat = checked("heartbeat", heartbeat, MIN_HEARTBEAT_SECONDS, MAX_HEARTBEAT_SECONDS)
        self._loop = asyncio.get_running_loop()
        self._closed = self._loop.create_future()
        self._metadata = authorization(token)
        self._proxy = proxy_of(target, os.environ) if proxy else None
        credentials, options = channel_credentials(tls), channel_options(heartbeat, self._proxy is not None)
        connect = (
            functools.partial(grpc.aio.secure_channel, target, credentials, options)
            if credentials
            else functools.partial(grpc.aio.insecure_channel, target, options)
        )
        self._link = AsyncLink(connect)

    def with_timeout(self, timeout: float) -> AsyncPlayer:
        """The same channel with another timeout."""
        other = copy.copy(self)
        other.timeout = checked("timeout", timeout)
        return other

    async def close(self) -> None:
        """Ends what is being played with `ClientClosed`."""
        if not self._link.is_inherited:
            if not self._closed.done():
                self._closed.set_result(None)
            await self._link.close()

    async def aplay(self, script: Script[T]) -> T:
        step = advance(script)
        while not isinstance(step, Done):
            step = await self._next(script, step)
        return step.value

    def play(self, script: Script[T]) -> T:
        self._link.check()  # or it would wait for the loop of the parent
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop or not self._loop.is_running():
            raise RuntimeError("refresh() of a handle of AsyncTaskResults would block its event loop: await arefresh()")
        playing = asyncio.run_coroutine_threadsafe(self.aplay(script), self._loop)
        try:
            return playing.result()
        finally:
            playing.cancel()  # when a signal ended the wait

    async def afollow(self, script: Script[None]) -> AsyncIterator[Any]:
        try:
            step = advance(script)
            while not isinstance(step, Done):
                if isinstance(step, Emit):
                    yield step.value
                    step = advance(script)
                else:
                    step = await self._next(script, step)
        finally:
            script.close()

    def follow(self, script: Script[None]) -> Iterator[Any]:
        raise RuntimeError("watch() needs a handle of TaskResults; this one is of AsyncTaskResults and has awatch()")

    async def _next(self, script: Script[T], step: Step) -> Step | Done[T]:
        self._link.check()
        try:
            if self._closed.done():
                raise ClientClosed("the client is closed", code=grpc.StatusCode.CANCELLED)
            answer = await self._perform(step)
        except grpc.RpcError as error:
            return advance(script, problem=refusal(error, self._proxy))
        except TaskResultsError as problem:
            return advance(script, problem=problem)
        return advance(script, answer)

    async def _perform(self, step: Step) -> Any:
        match step:
            case Call():
                method = self._link.methods[step.method]
                work = forking.begin()
                try:
                    return await self._outcome(method(step.request, timeout=step.timeout, metadata=self._metadata))
                finally:
                    forking.end(work)
            case Pause():
                return await asyncio.wait([self._closed], timeout=step.seconds)
            case Open():
                return AsyncStream(self._link.methods["WatchTaskResults"](step.request, metadata=self._metadata))
            case Read():
                event = await self._outcome(step.stream.read(), step.timeout)
                return None if event is grpc.aio.EOF else event
        raise AssertionError(step)

    async def _outcome(self, call: Awaitable[Any], timeout: float | None = None) -> Any:
        """The result of a call, in a task of its own: gRPC cancels whoever awaits a call that was cancelled."""
        task = asyncio.ensure_future(call)
        try:
            await asyncio.wait([task], timeout=timeout)
        except asyncio.CancelledError:
            task.cancel()
            raise
        if task.done() and not task.cancelled():
            return task.result()
        task.cancel()
        if self._closed.done():
            raise ClientClosed("the client is closed", code=grpc.StatusCode.CANCELLED)
        raise TaskResultsError("the call was cut off", reason="CANCELLED", code=grpc.StatusCode.CANCELLED)
