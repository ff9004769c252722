"""The two clients behind one face, so that the driver is written once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from taskresults import AsyncTaskResults, TaskResult, TaskResults


class Flavour(Protocol):
    def connect(self, target: str, **options: Any) -> Any: ...

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any: ...

    def iterate(self, handles: Any) -> AsyncIterator[TaskResult]: ...

    def refresh(self, handle: TaskResult) -> Awaitable[None]: ...

    def work(self, seconds: float, finish: Callable[[], Any]) -> Callable[..., Any]:
        """The function of a task, which takes so long."""


class SyncFlavour:
    def __init__(self) -> None:
        # As many waits and watches at a time as the scenarios may want.
        self._threads = ThreadPoolExecutor(100)

    def connect(self, target: str, **options: Any) -> TaskResults:
        return TaskResults(target, **options)

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args, **kwargs))

    async def iterate(self, handles: Iterable[TaskResult]) -> AsyncIterator[TaskResult]:
        iterator = iter(handles)
        while (handle := await self.call(next, iterator, None)) is not None:
            yield handle

    async def refresh(self, handle: TaskResult) -> None:
        await self.call(handle.refresh)

    def work(self, seconds: float, finish: Callable[[], Any]) -> Callable[..., Any]:
        def function(*args: Any) -> Any:
            time.sleep(seconds)
            return finish()

        return function


class AsyncFlavour:
    def connect(self, target: str, **options: Any) -> AsyncTaskResults:
        return AsyncTaskResults(target, **options)

    async def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    def iterate(self, handles: AsyncIterator[TaskResult]) -> AsyncIterator[TaskResult]:
        return handles

    async def refresh(self, handle: TaskResult) -> None:
        await handle.arefresh()

    def work(self, seconds: float, finish: Callable[[], Any]) -> Callable[..., Any]:
        async def function(*args: Any) -> Any:
            await asyncio.sleep(seconds)
            return finish()

        return function
