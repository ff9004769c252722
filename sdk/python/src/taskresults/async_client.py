"""The client for asyncio."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar

import grpc

from taskresults import following, reading, writing
from taskresults.async_attempt import AsyncAttempt
from taskresults.async_player import AsyncPlayer
from taskresults.attempt import AttemptOptions, Exceptions, Retry
from taskresults.reading import ALWAYS, TimeRange
from taskresults.status import TaskResultStatus
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.task_result import TaskResult
from taskresults.task_result_state import TaskResultState
from taskresults.version import NO_VERSION, TaskResultVersion
from taskresults.view import TaskResultView
from taskresults.writing import StartedAttempt

P = ParamSpec("P")
T = TypeVar("T")


class AsyncTaskResults:
    """The same as `TaskResults`, to be awaited.

    It is made and used within one running event loop. Close it, or use `async with`.
    """

    def __init__(
        self,
        target: str,
        *,
        token: str | None = None,
        tls: bool | grpc.ChannelCredentials = False,
        proxy: bool = True,
        timeout: float = 10,
        heartbeat: float = 15,
    ) -> None:
        self._use(AsyncPlayer(target, token, tls, proxy, timeout, heartbeat))

    def _use(self, player: AsyncPlayer) -> None:
        self._player = player
        self._handle = functools.partial(TaskResult, player)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled or copied: make one in the process that uses it")

    def with_timeout(self, timeout: float) -> AsyncTaskResults:
        """See `TaskResults.with_timeout`."""
        other = object.__new__(type(self))
        other._use(self._player.with_timeout(timeout))
        return other

    async def close(self) -> None:
        """See `TaskResults.close`."""
        await self._player.close()

    async def __aenter__(self) -> AsyncTaskResults:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # Reading

    async def get(
        self, id: str, *, task_path: str | None = None, view: TaskResultView = TaskResultView.FULL
    ) -> TaskResult:
        """See `TaskResults.get`."""
        return await self._player.aplay(reading.get(self._handle, id, task_path, view, self._player.timeout))

    async def get_many(
        self, ids: Iterable[str], *, view: TaskResultView = TaskResultView.FULL
    ) -> tuple[Sequence[TaskResult], Sequence[str]]:
        """See `TaskResults.get_many`."""
        return await self._player.aplay(reading.get_many(self._handle, ids, view, self._player.timeout))

    def list(
        self,
        *,
        task_path: str | None = None,
        statuses: Iterable[TaskResultStatus] = (),
        queue_name: str | None = None,
        backend: str | None = None,
        worker_id: str | None = None,
        enqueued: TimeRange = ALWAYS,
        finished: TimeRange = ALWAYS,
        metadata: Mapping[str, str] | None = None,
        page_size: int = 0,
        view: TaskResultView = TaskResultView.BASIC,
    ) -> AsyncIterator[TaskResult]:
        """See `TaskResults.list`."""
        filter = reading.to_filter(task_path, statuses, queue_name, backend, worker_id, enqueued, finished, metadata)
        return self._player.afollow(reading.list_pages(self._handle, filter, page_size, view, self._player.timeout))

    async def wait(self, id: str, timeout: float | None = None) -> TaskResult:
        """See `TaskResults.wait`."""
        return await self._player.aplay(following.wait(self._handle, id, timeout))

    def watch(self, id: str) -> AsyncIterator[TaskResult]:
        """See `TaskResults.watch`."""
        return self._player.afollow(following.watch(self._handle, id, NO_VERSION, self._player.heartbeat))

    # Writing

    async def create(
        self,
        task: Task | str,
        *,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,
        backend: str = "default",
        metadata: Mapping[str, str] | None = None,
        max_attempts: int | None = None,
    ) -> TaskResult:
        """See `TaskResults.create`."""
        return await self._player.aplay(
            writing.create(self._handle, task, args, kwargs, id, backend, metadata, max_attempts, self._player.timeout)
        )

    async def start_attempt(
        self,
        id: str,
        *,
        worker_id: str,
        lease: float | None = None,
        force: bool = False,
        request_id: str | None = None,
    ) -> StartedAttempt:
        """See `TaskResults.start_attempt`."""
        return await self._player.aplay(
            writing.start_attempt(id, worker_id, lease, force, request_id, self._player.timeout)
        )

    async def renew_lease(self, id: str, attempt: int, lease: float, *, incarnation: int = 0) -> TaskResultState:
        """See `TaskResults.renew_lease`."""
        return await self._player.aplay(writing.renew_lease(id, attempt, lease, incarnation, self._player.timeout))

    async def succeed(self, id: str, attempt: int, return_value: Any, *, incarnation: int = 0) -> TaskResultState:
        """See `TaskResults.succeed`."""
        return await self._player.aplay(writing.succeed(id, attempt, return_value, incarnation, self._player.timeout))

    async def fail(
        self, id: str, attempt: int, error: BaseException | TaskError, *, retry: bool = False, incarnation: int = 0
    ) -> TaskResultState:
        """See `TaskResults.fail`."""
        return await self._player.aplay(writing.fail(id, attempt, error, retry, incarnation, self._player.timeout))

    async def fail_task(self, id: str, error: BaseException | TaskError | None = None) -> TaskResultState:
        """See `TaskResults.fail_task`."""
        return await self._player.aplay(writing.fail_task(id, error, self._player.timeout))

    async def delete(self, id: str, *, version: TaskResultVersion | None = None, allow_missing: bool = False) -> None:
        """See `TaskResults.delete`."""
        await self._player.aplay(writing.delete(id, version, allow_missing, self._player.timeout))

    # Running

    def attempt(
        self,
        id: str,
        *,
        worker_id: str,
        lease: float | None = 60,
        force: bool = False,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> AsyncAttempt:
        """See `TaskResults.attempt`."""
        options = AttemptOptions(worker_id=worker_id, lease=lease, force=force, retry=retry, also_report=also_report)
        return AsyncAttempt(self._player, id, options)

    async def run(
        self,
        task: Task | str,
        function: Callable[..., Awaitable[Any]],
        *,
        worker_id: str,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        id: str | None = None,
        backend: str = "default",
        metadata: Mapping[str, str] | None = None,
        max_attempts: int | None = None,
        lease: float | None = 60,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> TaskResult:
        """See `TaskResults.run`."""
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)
        result = await self.create(
            task, args=args, kwargs=kwargs, id=id, backend=backend, metadata=metadata, max_attempts=max_attempts
        )
        return await self._run(result, function, options)

    async def run_existing(
        self,
        id: str,
        function: Callable[..., Awaitable[Any]],
        *,
        worker_id: str,
        lease: float | None = 60,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> TaskResult:
        """See `TaskResults.run_existing`."""
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)
        return await self._run(await self.get(id), function, options)

    async def _run(
        self, result: TaskResult, function: Callable[..., Awaitable[Any]], options: AttemptOptions
    ) -> TaskResult:
        async with AsyncAttempt(self._player, result.id, options, result.incarnation) as attempt:
            attempt.return_value = await attempt._call(function, result)
        await self._player.aplay(attempt._read(result))
        return result

    def task(
        self,
        path: str | None = None,
        *,
        worker_id: str,
        lease: float | None = 60,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> Callable[[Callable[P, Awaitable[T]]], Callable[P, Awaitable[T]]]:
        """See `TaskResults.task`."""
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)

        def decorate(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
            task = Task(f"{function.__module__}.{function.__qualname__}" if path is None else path)

            @functools.wraps(function)
            async def run(*args: P.args, **kwargs: P.kwargs) -> T:
                result = await self.create(task, args=args, kwargs=kwargs)
                async with AsyncAttempt(self._player, result.id, options, result.incarnation) as attempt:
                    attempt.return_value = value = await function(*args, **kwargs)
                return value

            return run

        return decorate
