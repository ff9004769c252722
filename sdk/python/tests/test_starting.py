"""A start that is cut short leaves no attempt behind that nobody makes."""

import asyncio
import signal
import threading
from typing import Any

import pytest
from support.proxy import Proxy
from support.server import Server

from taskresults import AsyncTaskResults, TaskResult, TaskResults


def given_back(server: Server, id: str) -> TaskResult:
    """The result of a start that was cut short: as it was, but for the error that says so."""
    with TaskResults(server.address) as results:
        result = results.get(id)
        assert (result.status, result.worker_ids) == ("READY", ["w1"])
        assert results.start_attempt(id, worker_id="w2").attempt == 2
        return result


@pytest.mark.parametrize("lease", [60, None])
async def test_a_start_that_is_cancelled_is_given_back(server: Server, proxy: Proxy, lease: float | None) -> None:
    calls: list[Any] = []

    async def function(*args: Any) -> None:
        calls.append(args)

    async with AsyncTaskResults(proxy.address) as results:
        created = await results.create("app.tasks.add")
        is_started = proxy.lose_answer("StartAttempt")
        worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1", lease=lease))
        assert await asyncio.to_thread(is_started.wait, 30)
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
    (error,) = given_back(server, created.id).errors
    assert (error.exception_class, calls) == (asyncio.CancelledError, [])


async def test_what_is_cancelled_already_starts_nothing(server: Server) -> None:
    async with AsyncTaskResults(server.address) as results:
        created = await results.create("app.tasks.add")

        async def work() -> None:
            task = asyncio.current_task()
            assert task
            task.cancel()
            async with results.attempt(created.id, worker_id="w1"):
                raise AssertionError("it goes on")

        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(work())
        await created.arefresh()
        assert created.revision == 1


def test_a_start_that_is_interrupted_is_given_back(server: Server, proxy: Proxy) -> None:
    def interrupt(number: int, frame: Any) -> None:
        raise SystemExit("told to end")

    def signal_after_the_start() -> None:
        is_started.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    calls: list[Any] = []
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with TaskResults(proxy.address) as results:
            created = results.create("app.tasks.add")
            is_started = proxy.lose_answer("StartAttempt")
            threading.Thread(target=signal_after_the_start, daemon=True).start()
            with pytest.raises(SystemExit, match="told to end"):
                results.run_existing(created.id, calls.append, worker_id="w1")
    finally:
        signal.signal(signal.SIGUSR1, before)
    (error,) = given_back(server, created.id).errors
    assert (error.exception_class, calls) == (SystemExit, [])
