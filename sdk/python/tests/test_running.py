import asyncio
import inspect
import math
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from conftest import Connect
from support.blocking import Blocking
from support.server import Server
from support.until import until
from support.work import run, task_function

from taskresults import (
    Attempt,
    IllegalTransition,
    NotEncodable,
    PayloadTooLarge,
    StaleAttempt,
    Task,
    TaskResult,
    TaskResults,
    TaskResultsError,
    TaskResultView,
)

MIB = 1024 * 1024


def test_run_reports_what_the_function_returned(results: Any) -> None:
    result = run(results, lambda a, b, c: [a, b, c], args=[(1,)], kwargs={"b": 2, "c": 3}, metadata={"k": "v"})
    assert (result.status, result.return_value, result.worker_ids) == ("SUCCESSFUL", [[1], 2, 3], ["w1"])
    assert results.get(result.id).return_value == result.return_value
    with pytest.raises(IllegalTransition):
        results.run_existing(result.id, task_function(results, lambda a, b, c: None), worker_id="w1")


def test_a_task_that_takes_a_context_gets_its_attempt(results: Any) -> None:
    def function(attempt: Attempt, n: int) -> list[Any]:
        attempt.check()
        return [attempt.id, attempt.number, attempt.worker_id, attempt.is_lost, n]

    result = run(results, function, Task("app.tasks.context", takes_context=True), args=[7])
    assert result.return_value == [result.id, 1, "w1", False, 7]


def test_an_exception_is_reported_and_passed_on(results: Any) -> None:
    def function() -> None:
        raise KeyError("the disk is full")

    name = f"broken-{uuid4()}"
    with pytest.raises(KeyError, match="the disk is full"):
        run(results, function, id=name)
    (error,) = results.get(name).errors
    assert (error.exception_class, error.message, error.worker_id) == (KeyError, "'the disk is full'", "w1")
    assert "in function" in error.traceback


def test_an_exception_may_be_worth_another_attempt(results: Any) -> None:
    tries: list[int] = []

    def function(n: int) -> int:
        tries.append(n)
        if len(tries) == 1:
            raise ConnectionResetError
        return n + 1

    flaky = results.create("app.tasks.flaky", args=[1])
    function_ = task_function(results, function)
    with pytest.raises(ConnectionResetError):
        results.run_existing(flaky.id, function_, worker_id="w1", retry=(OSError, KeyError))
    assert results.get(flaky.id).status == "READY"
    result = results.run_existing(flaky.id, function_, worker_id="w1")
    assert (result.return_value, result.attempts, len(result.errors)) == (2, 2, 1)


@pytest.mark.parametrize(
    ("value", "kind"), [(math.nan, NotEncodable), ("x" * 2 * MIB, PayloadTooLarge), ("x" * 9 * MIB, TaskResultsError)]
)
def test_a_return_value_that_cannot_be_stored_is_a_failure(results: Any, value: Any, kind: type[Exception]) -> None:
    name = f"unfit-{uuid4()}"
    with pytest.raises(kind):
        run(results, lambda: value, id=name)
    result = results.get(name)
    assert result.status == "FAILED"
    assert result.errors[0].message.startswith("the return value cannot be stored: ")


def test_the_lease_is_renewed_while_the_function_runs(results: Any) -> None:
    created = results.create("app.tasks.slow")
    may_end = threading.Event()
    function: Callable[..., Any] = may_end.wait
    if isinstance(results, Blocking):

        async def function() -> Any:
            return await asyncio.to_thread(may_end.wait)

    worker = threading.Thread(
        target=lambda: results.run_existing(created.id, function, worker_id="w1", lease=0.5), daemon=True
    )
    worker.start()
    until(lambda: results.get(created.id).status == "RUNNING")
    seconds = time.monotonic() + 1.2  # more than two leases
    while time.monotonic() < seconds:
        with pytest.raises(TaskResultsError, match="attempt"):
            results.start_attempt(created.id, worker_id="w2", lease=60)
    may_end.set()
    worker.join(15)
    created.refresh()
    assert (created.status, created.worker_ids, created.return_value) == ("SUCCESSFUL", ["w1"], True)


def test_an_outage_is_no_loss(connect: Connect, own_server: Server) -> None:
    results = connect(own_server.address)

    def function() -> str:
        own_server.kill()
        own_server.start()
        return "done"

    assert run(results, function, lease=1).return_value == "done"


def test_a_loss_in_a_thread_is_told_and_raised(server: Server) -> None:
    def function(attempt: Attempt) -> None:
        results.start_attempt(attempt.id, worker_id="w2", force=True)
        until(lambda: attempt.is_lost)
        attempt.check()

    with TaskResults(server.address) as results:
        with pytest.raises(StaleAttempt):
            run(results, function, Task("app.tasks.lost", takes_context=True), id="lost", lease=0.3)
        result = results.get("lost")
        assert (result.status, result.worker_ids, len(result.errors)) == ("RUNNING", ["w1", "w2"], 1)


def test_a_loss_is_raised_instead_of_a_result(connect: Connect, server: Server) -> None:
    results, other = connect(server.address), connect(server.address)
    for ending in (lambda: 1, lambda: 1 / 0):
        created = results.create("app.tasks.lost")

        def function(created: TaskResult = created, ending: Callable[[], Any] = ending) -> Any:
            other.start_attempt(created.id, worker_id="w2", force=True)
            return ending()

        with pytest.raises(StaleAttempt):
            results.run_existing(created.id, task_function(results, function), worker_id="w1")


def test_an_interrupted_worker_leaves_its_attempt_to_the_lease(server: Server) -> None:
    with TaskResults(server.address) as results:
        created = results.create("app.tasks.add")
        with pytest.raises(KeyboardInterrupt), results.attempt(created.id, worker_id="w1", lease=60):
            raise KeyboardInterrupt
        created.refresh()
        assert (created.status, created.errors) == ("RUNNING", [])


def test_a_function_becomes_a_task(results: Any) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    path = f"app.tasks.{uuid4()}"
    task = results.task(path, worker_id="w1")(task_function(results, add))
    called = task(1, b=2)
    assert (results._wait_for(called) if inspect.iscoroutine(called) else called) == 3
    (result,) = results.list(task_path=path, view=TaskResultView.FULL)
    assert (result.args, result.kwargs, result.return_value) == ([1], {"b": 2}, 3)


def test_nothing_is_left_running(server: Server) -> None:
    before = set(threading.enumerate())
    results = TaskResults(server.address)
    run(results, lambda: None)
    watch = results.watch(results.create("app.tasks.add").id)
    next(watch)
    results.close()
    until(lambda: set(threading.enumerate()) <= before)
