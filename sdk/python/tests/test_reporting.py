"""An outcome that a worker has reaches the server."""

import asyncio
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import grpc
import pytest
from conftest import Connect
from support.server import Server
from support.until import until
from support.work import run, task_function

from taskresults import (
    Attempt,
    InvalidField,
    NotEncodable,
    PayloadTooLarge,
    PermissionDenied,
    StaleAttempt,
    SyncAttempt,
    Task,
    TaskError,
    TaskResult,
    TaskResults,
    TaskResultsError,
)
from taskresults.async_player import AsyncPlayer
from taskresults.steps import Call, Pause, Script, advance
from taskresults.sync_player import SyncPlayer

KIB = 1024


class Stop(BaseException):
    """Ends a worker, as SystemExit does."""


class Disguised(BaseException):
    """One that is to be told by its name: see `also_report`."""


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class BadNotes(Exception):
    @property
    def __notes__(self) -> list[str]:
        raise RuntimeError


class BadCause(Exception):
    @property
    def __cause__(self) -> BaseException:  # type: ignore[override]
        raise RuntimeError


class Text(str):
    def encode(self, *args: Any) -> bytes:
        raise RuntimeError


class BadText(Exception):
    def __str__(self) -> str:
        return Text("text")


class Exiting(Exception):
    def __str__(self) -> str:
        raise SystemExit


class BadTraceback(Exception):
    @property
    def __traceback__(self) -> None:  # type: ignore[override]
        raise RuntimeError


class NoTwoAlike(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        if instance is None:
            return False
        raise RuntimeError


class Unsure(Exception, metaclass=NoTwoAlike):
    pass


def raising(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


def failed(results: Any, error: BaseException, **options: Any) -> TaskResult:
    """The result of a task that raises this error, which is passed on."""
    id = str(uuid4())
    with pytest.raises(type(error)) as raised:
        run(results, raising(error), id=id, **options)
    assert raised.value is error
    result: TaskResult = results.get(id)
    return result


def test_an_error_text_of_5_mib_is_cut_and_marked(results: Any) -> None:
    result = failed(results, ValueError("x" * 5 * KIB * KIB))
    assert result.status == "FAILED"
    assert result.errors[0].message.startswith("xxx")
    assert result.errors[0].message.endswith(" more bytes]")
    assert "in function" in result.errors[0].traceback


@pytest.mark.parametrize(
    "kind", [Mute, Exiting, BadText, BadNotes, BadCause, BadTraceback, type("N" * 2_000, (Exception,), {})]
)
def test_an_exception_that_cannot_speak_is_reported_by_its_class(results: Any, kind: Any) -> None:
    result = failed(results, kind("text"))
    assert result.status == "FAILED"
    assert result.errors[0].exception_class_path == f"{__name__}.{kind.__name__}"[:1_000]


def test_an_exception_that_hides_its_class_is_reported_by_some_class() -> None:
    class Hidden(type):
        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError

    class Nameless(Mute, BadNotes, BadTraceback, metaclass=Hidden):
        pass

    error = TaskError.from_exception(Nameless())
    assert "Nameless" in error.exception_class_path
    assert "raised builtins.RuntimeError" in error.message


def test_an_exception_with_many_causes_is_reported(results: Any) -> None:
    error = ValueError("first")
    for n in range(20_000):
        error, cause = ValueError(f"number {n}"), error
        error.__cause__ = cause
    (told,) = failed(results, error, lease=600).errors
    assert (told.exception_class, told.message) == (ValueError, "number 19999")


@pytest.mark.parametrize("ending", [lambda: "done", raising(KeyError("lost"))], ids=["a value", "an error"])
def test_a_server_that_is_away_for_longer_than_a_call_takes_is_told(
    connect: Connect, own_server: Server, ending: Callable[[], Any]
) -> None:
    results = connect(own_server.address, timeout=30).with_timeout(0.5)
    created = results.with_timeout(30).create("app.tasks.outage")

    def function() -> Any:
        own_server.kill()
        own_server.start_later(3)
        return ending()

    with suppress(KeyError):  # its own; a call that took too long is none
        results.run_existing(created.id, task_function(results, function), worker_id="w1", lease=60)
    result = results.with_timeout(30).wait(created.id, timeout=30)
    assert result.worker_ids == ["w1"]
    assert result.status == "SUCCESSFUL" if not result.errors else "'lost'" in result.errors[0].message


@pytest.mark.parametrize(
    "refused",
    [
        TaskResultsError(
            "Received message larger than max (5 vs. 4)",
            reason="RESOURCE_EXHAUSTED",
            code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        ),
        PayloadTooLarge(),
        InvalidField(),
    ],
    ids=lambda refused: refused.reason,
)
def test_a_report_that_is_refused_goes_out_briefly(server: Server, refused: TaskResultsError) -> None:
    with TaskResults(server.address) as results:
        report = results.attempt("x", worker_id="w1")._report(ValueError("x" * 10 * KIB))
        whole: Any = advance(report)
        assert len(whole.request.failed.error.message) == 10 * KIB
        brief: Any = advance(report, problem=refused)
        error = brief.request.failed.error
        assert (error.exception_class_path, error.traceback) == ("builtins.ValueError", "")
        assert error.message.startswith("xxx")
        assert error.message.endswith(" more bytes]")
        assert len(error.message) <= KIB


@pytest.mark.parametrize(
    "value",
    [ValueError("returned"), (n for n in range(3)), asyncio.sleep, {1: "a", "1": "b"}, {"a": {1, 2}}],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_is_no_json_is_a_failure(results: Any, value: Any) -> None:
    id = str(uuid4())
    with pytest.raises(NotEncodable):
        run(results, lambda: value, id=id)
    result = results.get(id)
    assert result.status == "FAILED"
    assert result.errors[0].message.startswith("the return value cannot be stored")


def test_an_idea_of_exceptions_that_fails_loses_no_outcome(results: Any) -> None:
    result = failed(results, KeyError("lost"), retry=(OSError, Unsure))
    assert (result.status, result.errors[0].exception_class) == ("FAILED", KeyError)
    result = failed(results, Stop(), also_report=Unsure)
    assert (result.status, result.errors[0].exception_class) == ("FAILED", Stop)


def test_a_function_may_say_what_is_worth_another_attempt(results: Any) -> None:
    def is_passing(error: BaseException) -> bool:
        return bool(error.args[0] == "later")

    assert failed(results, OSError("later"), retry=is_passing).status == "READY"
    assert failed(results, OSError("never"), retry=is_passing).status == "FAILED"
    assert failed(results, OSError(), retry=is_passing).status == "FAILED", "it has failed itself"


@pytest.mark.parametrize("option", ["retry", "also_report"])
def test_what_is_no_class_is_refused_before_anything_is_sent(connect: Connect, option: str) -> None:
    results = connect("127.0.0.1:1", timeout=60)
    with pytest.raises(TypeError):
        run(results, lambda: 1, **{option: [OSError]})
    with pytest.raises(TypeError):
        run(results, lambda: 1, **{option: asyncio.sleep})


def test_what_ends_a_worker_is_reported_by_choice(results: Any) -> None:
    left = failed(results, Stop("now"))
    assert (left.status, left.errors) == ("RUNNING", [])
    told = failed(results, Stop("now"), also_report=(Disguised, Stop))
    assert (told.status, told.errors[0].exception_class) == ("FAILED", Stop)
    again = failed(results, Stop("now"), also_report=BaseException, retry=Stop)
    assert (again.status, again.errors[0].message) == ("READY", "now")


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_an_exit_is_reported_by_choice(server: Server, kind: type[BaseException]) -> None:
    with TaskResults(server.address) as results:
        assert failed(results, kind("now")).status == "RUNNING"
        assert failed(results, kind("now"), also_report=kind).errors[0].exception_class is kind


def test_an_exit_goes_on_its_way_whatever_becomes_of_the_attempt(results: Any, server: Server) -> None:
    def function() -> None:
        other.start_attempt(created.id, worker_id="w2", force=True)
        raise Stop

    with TaskResults(server.address) as other:
        for options in ({}, {"also_report": Stop}):
            created = other.create("app.tasks.lost")
            with pytest.raises(Stop):
                results.run_existing(created.id, task_function(results, function), worker_id="w1", **options)
            created.refresh()
            assert (created.status, created.worker_ids) == ("RUNNING", ["w1", "w2"])


@pytest.fixture
def before_the_last_read(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Calls a function once, when a worker reads its finished result."""

    def arrange(function: Callable[[], Any]) -> None:
        waiting = [function]
        for player in (SyncPlayer, AsyncPlayer):

            def perform(self: Any, step: Any, original: Any = player._perform) -> Any:
                if isinstance(step, Call) and step.method == "RefreshTaskResult" and waiting:
                    waiting.pop()()
                return original(self, step)

            monkeypatch.setattr(player, "_perform", perform)

    return arrange


@pytest.mark.parametrize("is_created_anew", [False, True])
def test_a_success_that_is_recorded_is_told_though_it_cannot_be_read(
    results: Any,
    server: Server,
    before_the_last_read: Callable[[Callable[[], Any]], None],
    is_created_anew: bool,
) -> None:
    with TaskResults(server.address) as other:
        id = str(uuid4())

        def delete() -> None:
            other.delete(id)
            if is_created_anew:
                other.create("app.tasks.other", id=id)

        before_the_last_read(delete)
        result = run(results, lambda a: a + 1, id=id, args=[2])
        assert (result.status, result.return_value, result.worker_ids) == ("SUCCESSFUL", 3, ["w1"])
        assert (result.task.path, result.attempts, result.errors) == ("app.tasks.run", 1, [])
        assert result.enqueued_at <= result.started_at <= result.finished_at  # type: ignore[operator]


def test_what_was_created_anew_before_the_start_is_left_to_others(
    results: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = results.create("app.tasks.add", args=[1]).id
    with TaskResults(server.address) as other:
        for player in (SyncPlayer, AsyncPlayer):

            def perform(self: Any, step: Any, original: Any = player._perform) -> Any:
                if isinstance(step, Call) and step.method == "StartAttempt":
                    monkeypatch.undo()
                    other.delete(id)
                    other.create("app.tasks.add", args=[2], id=id)
                return original(self, step)

            monkeypatch.setattr(player, "_perform", perform)
        calls: list[int] = []
        with pytest.raises(StaleAttempt, match="created anew"):
            results.run_existing(id, task_function(results, calls.append), worker_id="w1")
        assert calls == []
        result = other.get(id)
        assert (result.status, result.args, result.worker_ids) == ("READY", [2], ["w1"])


def test_the_late_outcome_of_a_deleted_result_does_not_touch_the_one_created_anew(results: Any, server: Server) -> None:
    with TaskResults(server.address) as other:
        id = str(uuid4())

        def function() -> str:
            other.delete(id)
            other.create("app.tasks.other", id=id)
            other.start_attempt(id, worker_id="w2")
            return "late"

        with pytest.raises(StaleAttempt):
            run(results, function, id=id)
        assert (other.get(id).status, other.get(id).worker_ids) == ("RUNNING", ["w2"])


@pytest.mark.parametrize("ending", [lambda: 5, raising(KeyError("lost"))], ids=["a value", "an error"])
def test_a_signal_does_not_stop_a_report(own_server: Server, ending: Callable[[], Any]) -> None:
    def interrupt(number: int, frame: Any) -> None:
        own_server.start_later(0.5)
        raise SystemExit("told to end")

    def function() -> Any:
        own_server.kill()
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        return ending()

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with TaskResults(own_server.address, timeout=30) as results:
            created = results.create("app.tasks.interrupted")
            with pytest.raises(SystemExit, match="told to end"):
                results.run_existing(created.id, function, worker_id="w1")
            created.refresh()
            assert created.is_finished
            assert created.status == ("FAILED" if created.errors else "SUCCESSFUL")
    finally:
        signal.signal(signal.SIGALRM, before)


def test_nothing_is_started_without_a_thread_for_its_lease(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with TaskResults(server.address) as results:
        created = results.create("app.tasks.add")
        attempt = results.attempt(created.id, worker_id="w1")
        monkeypatch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            attempt.__enter__()
        monkeypatch.undo()
        created.refresh()
        assert created.status == "READY"


def test_a_renewal_that_is_stuck_is_given_up_for_the_next_one(server: Server) -> None:
    with TaskResults(server.address) as results:
        attempt: SyncAttempt = results.attempt("x", worker_id="w1", lease=0.3)
        renewal = attempt._renew()
        call = next(renewal)
        assert isinstance(call, Call)
        assert call.timeout <= 0.1
        assert attempt._seconds_to_renewal > 0
        until(lambda: attempt._seconds_to_renewal == 0)


def test_a_renewal_that_is_refused_without_a_loss_is_soon_repeated(server: Server) -> None:
    with TaskResults(server.address) as results:
        attempt: SyncAttempt = results.attempt("x", worker_id="w1", lease=60)
        renewal = attempt._renew()
        for _ in range(3):
            assert isinstance(advance(renewal), Call)
            pause = advance(renewal, problem=PermissionDenied(code=grpc.StatusCode.PERMISSION_DENIED))
            assert isinstance(pause, Pause)
            assert pause.seconds < 1
        assert not attempt.is_lost


def test_the_lease_is_renewed_until_the_outcome_is_told(
    results: Any, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    succeed = Attempt._succeed

    def succeed_late(self: Attempt) -> Script[None]:
        yield Pause(4)
        yield from succeed(self)

    monkeypatch.setattr(Attempt, "_succeed", succeed_late)
    with TaskResults(server.address) as other, ThreadPoolExecutor() as threads:
        created = other.create("app.tasks.slow")
        function = task_function(results, lambda: "done")
        worker = threads.submit(results.run_existing, created.id, function, worker_id="w1", lease=1.5)
        until(lambda: other.get(created.id).status == "RUNNING")
        while not worker.done():
            with pytest.raises(TaskResultsError):
                other.start_attempt(created.id, worker_id="w2")
        assert (worker.result().return_value, worker.result().worker_ids) == ("done", ["w1"])


def test_a_renewal_that_meets_the_report_is_no_loss(results: Any) -> None:
    attempts: list[Any] = []

    def function(attempt: Any) -> None:
        attempts.append(attempt)
        until(lambda: attempt._seconds_to_renewal < 0.001)

    for _ in range(20):
        run(results, function, Task("app.tasks.short", takes_context=True), lease=0.1)
    assert [attempt.is_lost for attempt in attempts] == [False] * 20
