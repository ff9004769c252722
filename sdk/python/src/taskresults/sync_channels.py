"""The channels of a blocking client, in each process that uses it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from taskresults import forking, green_threads
from taskresults.channel import methods
from taskresults.steps import Call
from taskresults.v1.task_result_service_pb2 import WatchTaskResultsRequest

Metadata = tuple[tuple[str, str], ...]


class SyncStream:
    """An open watch, which belongs to the process that opened it: in a child it is over."""

    def __init__(self, stream: Iterator[Any], cancel: Callable[[], Any]) -> None:
        self._stream = stream
        self._cancel = cancel
        self._pid = os.getpid()
        forking.made("blocking", stream)
        self._work = forking.begin()

    def __next__(self) -> Any:
        if self._pid != os.getpid():
            raise StopIteration
        return next(self._stream)

    def cancel(self) -> None:
        forking.end(self._work)
        if self._pid == os.getpid():
            self._cancel()


class SyncChannels:
    """The channels of one process. May be used by several threads at a time."""

    def __init__(self, connect: Callable[[], grpc.Channel]) -> None:
        self.pid = os.getpid()
        self.closed = threading.Event()
        self._connect = connect
        self._channels: set[grpc.Channel] = set()
        self._methods = methods(self._open_channel())

    def call(self, step: Call, metadata: Metadata) -> Any:
        method = self._methods[step.method]
        work = forking.begin()
        try:
            if not forking.waits_outside:
                return method(step.request, timeout=step.timeout, metadata=metadata)
            with forking.calling:
                answer = method.future(step.request, timeout=step.timeout, metadata=metadata)
            try:
                return answer.result()
            finally:
                answer.cancel()  # when a signal ended the wait
        finally:
            forking.end(work)

    def open(self, request: WatchTaskResultsRequest, metadata: Metadata) -> SyncStream:
        with forking.calling:
            stream = self._methods["WatchTaskResults"](request, metadata=metadata)
        if hasattr(stream, "cancel"):
            return SyncStream(stream, stream.cancel)
        return self._open_alone(request, metadata)

    def close(self) -> None:
        """Ends calls and streams. May be called again."""
        self.closed.set()
        for channel in self._channels.copy():
            channel.close()

    def _open_alone(self, request: WatchTaskResultsRequest, metadata: Metadata) -> SyncStream:
        """On a channel of its own, which ends the stream when it is closed, even while that is being read.

        Interceptors may hide the call behind a plain iterator that cannot be cancelled; OpenTelemetry's does. It makes
        no further connection: gRPC shares those of like channels.
        """
        channel = self._open_channel()

        def close() -> None:
            channel.close()
            self._channels.discard(channel)

        if self.closed.is_set():  # before `close` could see this one
            close()
        return SyncStream(methods(channel)["WatchTaskResults"](request, metadata=metadata), close)

    def _open_channel(self) -> grpc.Channel:
        forking.check("blocking")
        green_threads.tell_grpc()
        with forking.calling:
            channel = self._connect()
        forking.made("blocking", channel)
        self._channels.add(channel)
        return channel


class SyncLink:
    """The channels of a client in this process. A child gets its own when it first needs them."""

    def __init__(self, connect: Callable[[], grpc.Channel]) -> None:
        self._connect = connect
        self._channels = SyncChannels(connect)

    @property
    def channels(self) -> SyncChannels:
        """Raises `ClientForked` where a child can have none."""
        if self._is_inherited:
            with forking.calling:
                if self._is_inherited:
                    was_closed = self._channels.closed.is_set()
                    self._channels = SyncChannels(self._connect)
                    if was_closed:
                        self._channels.close()
        return self._channels

    def close(self) -> None:
        if self._is_inherited:
            self._channels.closed.set()
        else:
            self._channels.close()

    @property
    def _is_inherited(self) -> bool:
        return self._channels.pid != os.getpid()
