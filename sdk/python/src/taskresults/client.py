"""The client for ordinary, blocking code."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, NoReturn, ParamSpec, TypeVar

import grpc

from taskresults import following, reading, writing
from taskresults.attempt import AttemptOptions, Exceptions, Retry
from taskresults.reading import ALWAYS, TimeRange
from taskresults.status import TaskResultStatus
from taskresults.sync_attempt import SyncAttempt
from taskresults.sync_player import SyncPlayer
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.task_result import TaskResult
from taskresults.task_result_state import TaskResultState
from taskresults.version import NO_VERSION, TaskResultVersion
from taskresults.view import TaskResultView
from taskresults.writing import StartedAttempt

P = ParamSpec("P")
T = TypeVar("T")


class TaskResults:
    """A client of the service at `target`, `host:port`. May be used by several threads; close it, or use `with`.

    `token` is sent with every call. `tls` is True for TLS with the usual authorities, or credentials made with
    `grpc.ssl_channel_credentials`; otherwise plain text. The proxy that `grpc_proxy`, `https_proxy` or `http_proxy`
    names is used, except for loopback and what `no_proxy` or `NO_PROXY` lists; with `proxy=False`, none ever is. All
    times are in seconds. Each call ends after `timeout`; until then it is repeated while the server is out of reach. A
    watch counts as dead after three `heartbeat`s (1 to 60) of silence.

    Every error is a `TaskResultsError`; those that any call may raise are not named with it: `InvalidField`,
    `StoreUnavailable`, `ShuttingDown`, `LimitReached`, `Unauthenticated`, `PermissionDenied`, `InternalError`,
    `ClientClosed`, and plain ones with a gRPC code.
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
        self._use(SyncPlayer(target, token, tls, proxy, timeout, heartbeat))

    def _use(self, player: SyncPlayer) -> None:
        self._player = player
        self._handle = functools.partial(TaskResult, player)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled or copied: make one in the process that uses it")

    def with_timeout(self, timeout: float) -> TaskResults:
        """This client with another time for each call: `results.with_timeout(2).get(id)`. They are closed together."""
        other = object.__new__(type(self))
        other._use(self._player.with_timeout(timeout))
        return other

    def close(self) -> None:
        """Ends calls, waits and watches under way with `ClientClosed`, and disconnects. May be called again.

        An attempt that is being made can then not report its outcome any more, and is left to its lease.
        """
        self._player.close()

    def __enter__(self) -> TaskResults:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Reading

    def get(self, id: str, *, task_path: str | None = None, view: TaskResultView = TaskResultView.FULL) -> TaskResult:
        """The result with this id, which must belong to the task `task_path` when that is given.

        Raises `TaskResultDoesNotExist`, `TaskResultMismatch`.
        """
        return self._player.play(reading.get(self._handle, id, task_path, view, self._player.timeout))

    def get_many(
        self, ids: Iterable[str], *, view: TaskResultView = TaskResultView.FULL
    ) -> tuple[Sequence[TaskResult], Sequence[str]]:
        """Any number of results, and the ids that nobody has, both in the order asked.

        An id that occurs twice is returned once.
        """
        return self._player.play(reading.get_many(self._handle, ids, view, self._player.timeout))

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
    ) -> Iterator[TaskResult]:
        """Results for which all of this holds, newest enqueued first; pages are fetched as they are consumed.

        `page_size` is at most 1,000; with 0 the server chooses. In the FULL view, a result that is larger than 4 MiB
        comes in the BASIC view even so.
        """
        filter = reading.to_filter(task_path, statuses, queue_name, backend, worker_id, enqueued, finished, metadata)
        return self._player.follow(reading.list_pages(self._handle, filter, page_size, view, self._player.timeout))

    def wait(self, id: str, timeout: float | None = None) -> TaskResult:
        """The result, once it is finished. Goes on through restarts of the server; for ever without a `timeout`.

        Raises `WaitTimedOut`, which is a TimeoutError; `TaskResultDoesNotExist`, also when it is deleted meanwhile.
        """
        return self._player.play(following.wait(self._handle, id, timeout))

    def watch(self, id: str) -> Iterator[TaskResult]:
        """The result as it is and each newer state, until it is finished: see `TaskResult.watch`."""
        return self._player.follow(following.watch(self._handle, id, NO_VERSION, self._player.heartbeat))

    # Writing

    def create(
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
        """Registers a task that has been enqueued; a text is the path of a task with the usual options.

        Without an id, a UUIDv7 is made. The same id and content again return the existing result. `metadata` are up to
        32 labels to find it by. `max_attempts` is from 1 to 1,000, 100 by default; the failure or loss of the last one
        is final.

        Raises `TaskResultExists` for an id with other content, `NotEncodable`, `PayloadTooLarge`.
        """
        return self._player.play(
            writing.create(self._handle, task, args, kwargs, id, backend, metadata, max_attempts, self._player.timeout)
        )

    def start_attempt(
        self,
        id: str,
        *,
        worker_id: str,
        lease: float | None = None,
        force: bool = False,
        request_id: str | None = None,
    ) -> StartedAttempt:
        """A worker takes the task, for `lease` seconds (0.001 to 7 days) unless renewed; for ever without.

        Each worker process needs a `worker_id` of its own. `force` takes over from an attempt that is running.

        `request_id` identifies this start: the same one again returns the same attempt, as long as that runs. By
        default one is made for each call. A worker that gives its own makes one for each delivery of the task, since
        two workers with the same one get the same attempt.

        Raises `AttemptInProgress`, `IllegalTransition`, `StaleAttempt` when the attempt that this `request_id` started
        is over, `TaskResultDoesNotExist`.
        """
        return self._player.play(writing.start_attempt(id, worker_id, lease, force, request_id, self._player.timeout))

    def renew_lease(self, id: str, attempt: int, lease: float, *, incarnation: int = 0) -> TaskResultState:
        """The attempt is kept for `lease` seconds from now.

        Give the `incarnation` in the state that `start_attempt` returned: then an attempt of a deleted result is never
        mistaken for one of a result that was created anew under the id. Without it, whichever result has the id is
        meant.

        Raises `StaleAttempt`, `IllegalTransition`, `TaskResultDoesNotExist`.
        """
        return self._player.play(writing.renew_lease(id, attempt, lease, incarnation, self._player.timeout))

    def succeed(self, id: str, attempt: int, return_value: Any, *, incarnation: int = 0) -> TaskResultState:
        """The attempt returned a value. `incarnation` as in `renew_lease`.

        Raises `NotEncodable`, `PayloadTooLarge`, `StaleAttempt`, `IllegalTransition`, `TaskResultDoesNotExist`.
        """
        return self._player.play(writing.succeed(id, attempt, return_value, incarnation, self._player.timeout))

    def fail(
        self, id: str, attempt: int, error: BaseException | TaskError, *, retry: bool = False, incarnation: int = 0
    ) -> TaskResultState:
        """The attempt failed. With `retry`, the result is READY for another one, unless it was the last.

        `incarnation` as in `renew_lease`.

        Raises `StaleAttempt`, `IllegalTransition`, `TaskResultDoesNotExist`.
        """
        return self._player.play(writing.fail(id, attempt, error, retry, incarnation, self._player.timeout))

    def fail_task(self, id: str, error: BaseException | TaskError | None = None) -> TaskResultState:
        """The task could not be started at all.

        Raises `IllegalTransition` unless READY, `TaskResultDoesNotExist`.
        """
        return self._player.play(writing.fail_task(id, error, self._player.timeout))

    def delete(self, id: str, *, version: TaskResultVersion | None = None, allow_missing: bool = False) -> None:
        """Removes a result in any state, only at this version when one is given.

        With a revision of 0, at any revision of that incarnation.

        Without `allow_missing` the call is not repeated by itself, since after a lost answer the result is rightly
        missing.

        Raises `TaskResultDoesNotExist` unless `allow_missing`, `RevisionMismatch`.
        """
        self._player.play(writing.delete(id, version, allow_missing, self._player.timeout))

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
    ) -> SyncAttempt:
        """A context manager that starts an attempt, renews its lease, and reports how its block ended.

        A failure that is worth another attempt leaves the result READY. `retry` says which are: classes of exceptions,
        or a function of the exception, which counts as no when it fails. What is no `Exception`, such as SystemExit,
        KeyboardInterrupt or asyncio.CancelledError, says nothing about the task, and is not reported unless its class
        is in `also_report`. Without a `lease`, only `force` can take the task over.
        """
        options = AttemptOptions(worker_id=worker_id, lease=lease, force=force, retry=retry, also_report=also_report)
        return SyncAttempt(self._player, id, options)

    def run(
        self,
        task: Task | str,
        function: Callable[..., Any],
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
        """Creates a result, calls `function` as its first attempt, and returns the finished result: see `attempt`.

        The function gets the arguments as they come back from JSON, after the attempt if the task takes a context.
        """
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)
        result = self.create(
            task, args=args, kwargs=kwargs, id=id, backend=backend, metadata=metadata, max_attempts=max_attempts
        )
        return self._run(result, function, options)

    def run_existing(
        self,
        id: str,
        function: Callable[..., Any],
        *,
        worker_id: str,
        lease: float | None = 60,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> TaskResult:
        """The same as `run` for a result that exists already, with the arguments that it holds."""
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)
        return self._run(self.get(id), function, options)

    def _run(self, result: TaskResult, function: Callable[..., Any], options: AttemptOptions) -> TaskResult:
        with SyncAttempt(self._player, result.id, options, result.incarnation) as attempt:
            attempt.return_value = attempt._call(function, result)
        self._player.play(attempt._read(result))
        return result

    def task(
        self,
        path: str | None = None,
        *,
        worker_id: str,
        lease: float | None = 60,
        retry: Retry = (),
        also_report: Exceptions = (),
    ) -> Callable[[Callable[P, T]], Callable[P, T]]:
        """A decorator: each call of the function is a task, run and recorded at once. It returns what the function did.

        The path is the function's own, `module.name`, unless given.
        """
        options = AttemptOptions(worker_id=worker_id, lease=lease, retry=retry, also_report=also_report)

        def decorate(function: Callable[P, T]) -> Callable[P, T]:
            task = Task(f"{function.__module__}.{function.__qualname__}" if path is None else path)

            @functools.wraps(function)
            def run(*args: P.args, **kwargs: P.kwargs) -> T:
                result = self.create(task, args=args, kwargs=kwargs)
                with SyncAttempt(self._player, result.id, options, result.incarnation) as attempt:
                    attempt.return_value = value = function(*args, **kwargs)
                return value

            return run

        return decorate
