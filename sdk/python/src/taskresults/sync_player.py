"""Performs scripts by blocking."""

from __future__ import annotations

import asyncio
import copy
import functools
import os
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc

from taskresults.channel import authorization, channel_credentials, channel_options
from taskresults.errors import ClientClosed
from taskresults.proxy import proxy_of
from taskresults.refusal import refusal
from taskresults.seconds import MAX_HEARTBEAT_SECONDS, MIN_HEARTBEAT_SECONDS, checked
from taskresults.steps import Call, Done, Emit, Open, Pause, Read, Script, Step, T, advance
from taskresults.sync_channels import SyncLink


class SyncPlayer:
    """May be used by several threads at a time, and in processes that are forked."""

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
        self._metadata = authorization(token)
        self._proxy = proxy_of(target, os.environ) if proxy else None
        credentials, options = channel_credentials(tls), channel_options(heartbeat, self._proxy is not None)
        connect = (
            functools.partial(grpc.secure_channel, target, credentials, options)
            if credentials
            else functools.partial(grpc.insecure_channel, target, options)
        )
        self._link = SyncLink(connect)

    def with_timeout(self, timeout: float) -> SyncPlayer:
        """The same channel with another timeout."""
        other = copy.copy(self)
        other.timeout = checked("timeout", timeout)
        return other

    def close(self) -> None:
        """Ends what is being played with `ClientClosed`."""
        self._link.close()

    def play(self, script: Script[T]) -> T:
        step = advance(script)
        while not isinstance(step, Done):
            step = self._next(script, step)
        return step.value

    async def aplay(self, script: Script[T]) -> T:
        # Step by step, so that no further step is made for a caller that has been cancelled.
        step = advance(script)
        while not isinstance(step, Done):
            step = await asyncio.to_thread(self._next, script, step)
        return step.value

    def follow(self, script: Script[None]) -> Iterator[Any]:
        try:
            step = advance(script)
            while not isinstance(step, Done):
                if isinstance(step, Emit):
                    yield step.value
                    step = advance(script)
                else:
                    step = self._next(script, step)
        finally:
            script.close()

    def afollow(self, script: Script[None]) -> AsyncIterator[Any]:
        raise RuntimeError("awatch() needs a handle of AsyncTaskResults; this one is of TaskResults and has watch()")

    def _next(self, script: Script[T], step: Step) -> Step | Done[T]:
        channels = self._link.channels
        try:
            answer = self._perform(step)
        except (grpc.RpcError, ValueError) as error:
            if channels.closed.is_set():
                return advance(script, problem=ClientClosed("the client is closed", code=grpc.StatusCode.CANCELLED))
            if isinstance(error, grpc.RpcError):
                return advance(script, problem=refusal(error, self._proxy))
            raise
        return advance(script, answer)

    def _perform(self, step: Step) -> Any:
        channels = self._link.channels
        match step:
            case Call():
                return channels.call(step, self._metadata)
            case Pause():
                return channels.closed.wait(step.seconds)
            case Open():
                return channels.open(step.request, self._metadata)
            case Read():
                return _read(step)
        raise AssertionError(step)


def _read(step: Read) -> Any:
    # Nothing else can interrupt a read that is under way.
    timer = threading.Timer(step.timeout, step.stream.cancel)
    timer.daemon = True
    timer.start()
    try:
        return next(step.stream, None)
    finally:
        timer.cancel()
