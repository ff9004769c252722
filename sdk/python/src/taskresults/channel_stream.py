"""A stream that ends with its channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


class ChannelStream:
    """A stream on a channel of its own, which `close_channel` closes. That ends it, even while it is being read.

    Interceptors may hide the call behind a plain iterator that cannot be cancelled; OpenTelemetry's does.
    """

    def __init__(self, stream: Iterator[Any], close_channel: Callable[[], None]) -> None:
        self._stream = stream
        self.cancel = close_channel

    def __next__(self) -> Any:
        return next(self._stream)
