"""What only the asyncio client has."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from typing import Any, cast

import pytest
from support.link import Link
from support.server import Server

from taskresults import AsyncAttempt, AsyncTaskResults, StaleAttempt, TaskResults, TaskResultStatus

tells_cancellations = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="Python 3.10 cannot tell whom a cancellation was for"
)


@pytest.fixture
async def results(server: Server) -> AsyncIterator[AsyncTaskResults]:
    async with AsyncTaskResults(server.address) as results:
        yield results


async def ended(tasks: set[asyncio.Task[Any]]) -> None:
    """Waits until they have ended; gRPC takes a moment."""
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 15)


async def test_a_loss_cancels_the_function_and_is_raised(results: AsyncTaskResults) -> None:
    cancelled = asyncio.Event()
    created = await results.create("app.tasks.lost")

    async def function() -> None:
        await results.start_attempt(created.id, worker_id="w2", force=True)
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(StaleAttempt):
        await results.run_existing(created.id, function, worker_id="w1", lease=0.3)
    assert cancelled.is_set()
    if sys.version_info >= (3, 11):
        task = asyncio.current_task()
        assert task
        assert not task.cancelling(), "the cancellation is over"
    await created.arefresh()
    assert (created.status, created.worker_ids) == ("RUNNING", ["w1", "w2"])


async def test_a_loss_is_raised_though_its_cancellation_was_swallowed(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.lost")

    async def function() -> str:
        await results.start_attempt(created.id, worker_id="w2", force=True)
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return "too late"

    with pytest.raises(StaleAttempt):
        await results.run_existing(created.id, function, worker_id="w1", lease=0.3)


async def test_a_cancelled_worker_leaves_its_attempt_to_the_lease(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.slow")
    started = asyncio.Event()

    async def function() -> None:
        started.set()
        await asyncio.Event().wait()

    worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1"))
    await started.wait()
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker
    await created.arefresh()
    assert (created.status, created.errors) == (TaskResultStatus.RUNNING, [])


async def test_a_cancelled_worker_reports_by_choice(results: AsyncTaskResults) -> None:
    for options, status in (({}, "FAILED"), ({"retry": asyncio.CancelledError}, "READY")):
        created = await results.create("app.tasks.slow")
        started = asyncio.Event()

        async def function(started: asyncio.Event = started) -> None:
            started.set()
            await asyncio.Event().wait()

        work = results.run_existing(
            created.id, function, worker_id="w1", also_report=asyncio.CancelledError, **cast("dict[str, Any]", options)
        )
        worker = asyncio.create_task(work)
        await started.wait()
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await worker
        await created.arefresh()
        assert (created.status, created.errors[0].exception_class) == (status, asyncio.CancelledError)


@tells_cancellations
async def test_a_task_within_that_somebody_else_cancelled_is_a_failure(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.within")

    async def function() -> None:
        within = asyncio.create_task(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(within.cancel)
        await within

    with pytest.raises(asyncio.CancelledError):
        await results.run_existing(created.id, function, worker_id="w1")
    await created.arefresh()
    assert (created.status, created.errors[0].exception_class) == ("FAILED", asyncio.CancelledError)


async def test_a_cancellation_at_the_end_does_not_stop_the_report(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.late")

    async def function() -> int:
        worker.cancel()
        return 5

    worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1"))
    with pytest.raises(asyncio.CancelledError):
        await worker
    await created.arefresh()
    assert (created.status, created.return_value) == ("SUCCESSFUL", 5)


async def test_a_cancellation_during_the_report_does_not_stop_it(own_server: Server) -> None:
    async with AsyncTaskResults(own_server.address, timeout=30) as results:
        created = await results.create("app.tasks.late")

        async def function() -> int:
            own_server.kill()
            own_server.start_later(1)
            asyncio.get_running_loop().call_later(0.5, worker.cancel)
            return 5

        worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1"))
        with pytest.raises(asyncio.CancelledError):
            await worker
        await created.arefresh()
        assert (created.status, created.return_value) == ("SUCCESSFUL", 5)


async def test_a_second_cancellation_ends_the_report(own_server: Server) -> None:
    async with AsyncTaskResults(own_server.address, timeout=30) as results:
        created = await results.create("app.tasks.late")
        ended = asyncio.Event()

        async def function() -> int:
            own_server.kill()
            ended.set()
            return 5

        worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1"))
        await ended.wait()
        while not worker.done():
            await asyncio.sleep(0.1)
            worker.cancel()
        assert worker.cancelled()


@tells_cancellations
async def test_a_cancelled_worker_that_has_lost_its_attempt_is_cancelled(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.lost")

    async def function() -> None:
        await results.start_attempt(created.id, worker_id="w2", force=True)
        try:
            await asyncio.Event().wait()
        finally:
            worker.cancel()

    worker = asyncio.create_task(results.run_existing(created.id, function, worker_id="w1", lease=0.3))
    with pytest.raises(asyncio.CancelledError):
        await worker


async def test_a_cancelled_call_does_not_go_on(own_server: Server) -> None:
    async with AsyncTaskResults(own_server.address, timeout=60) as results:
        await results.create("app.tasks.before")
        own_server.kill()
        creates = [asyncio.create_task(results.create("app.tasks.late", id=f"late-{n}")) for n in range(10)]
        reads = asyncio.create_task(results.get_many(f"late-{n}" for n in range(10_000)))
        await asyncio.sleep(0.3)  # into the pauses between tries
        for call in (*creates, reads):
            call.cancel()
        await asyncio.gather(*creates, reads, return_exceptions=True)
        before = asyncio.all_tasks()
        own_server.start()
        await results.create("app.tasks.after")
        assert asyncio.all_tasks() <= before
        assert await results.get_many(f"late-{n}" for n in range(10)) == ([], [f"late-{n}" for n in range(10)])


async def test_calls_can_be_cancelled(results: AsyncTaskResults, server: Server) -> None:
    created = await results.create("app.tasks.add")
    before = asyncio.all_tasks()
    with pytest.raises(asyncio.TimeoutError):
        await asyncio.wait_for(results.wait(created.id), 0.2)
    await ended(asyncio.all_tasks() - before)
    link = Link(server.port)
    try:
        async with AsyncTaskResults(link.address) as behind:
            await behind.get(created.id)
            link.freeze()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(behind.get(created.id), 0.2)
    finally:
        link.close()
    assert (await results.get(created.id)).revision == 1


async def test_a_handle_is_watched(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.add")
    revisions: list[int] = []
    await results.start_attempt(created.id, worker_id="w1")
    async with aclosing(created.awatch()) as states:  # type: ignore[type-var]
        async for state in states:
            revisions.append(state.revision)
            if not state.is_finished:
                await results.succeed(created.id, 1, None)
    assert revisions == [2, 3]
    assert created.revision == 1
    with pytest.raises(RuntimeError, match="has awatch"):
        created.watch()


async def test_refresh_works_in_other_threads_and_never_blocks_the_loop(results: AsyncTaskResults) -> None:
    created = await results.create("app.tasks.add")
    await results.start_attempt(created.id, worker_id="w1")
    with pytest.raises(RuntimeError, match="await arefresh"):
        created.refresh()
    await asyncio.to_thread(created.refresh)
    assert created.status is TaskResultStatus.RUNNING


async def test_a_refresh_of_a_blocking_handle_that_is_cancelled_makes_no_further_calls(own_server: Server) -> None:
    with TaskResults(own_server.address, timeout=60) as results:
        created = results.create("app.tasks.add")
        own_server.kill()
        refresh = asyncio.create_task(created.arefresh())
        await asyncio.sleep(0.3)
        refresh.cancel()
        with pytest.raises(asyncio.CancelledError):
            await refresh
        await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 30)  # its thread has ended


async def test_many_wait_at_a_time(results: AsyncTaskResults) -> None:
    ids = [(await results.create("app.tasks.add")).id for _ in range(50)]
    waits = [asyncio.create_task(results.wait(id)) for id in ids]

    async def work(id: str) -> None:
        attempt: AsyncAttempt
        async with results.attempt(id, worker_id="w1") as attempt:
            attempt.return_value = id

    await asyncio.gather(*map(work, ids))
    assert [result.return_value for result in await asyncio.gather(*waits)] == ids


async def test_nothing_is_left_running(server: Server) -> None:
    before = asyncio.all_tasks()
    async with AsyncTaskResults(server.address) as results:
        created = await results.create("app.tasks.add")
        watch = results.watch(created.id)
        await anext(watch)
    with pytest.raises(Exception, match="closed"):
        await anext(watch)
    await ended(asyncio.all_tasks() - before)


async def test_a_watch_that_waits_ends_at_once_when_it_is_cancelled(
    results: AsyncTaskResults, server: Server, unused_tcp_port: int
) -> None:
    """For an event, for a connection, or for the end of a pause."""
    created = await results.create("app.tasks.add")
    mute = socket.create_server(("127.0.0.1", 0))
    port = mute.getsockname()[1]
    for address in (server.address, f"127.0.0.1:{port}", f"127.0.0.1:{unused_tcp_port}"):
        async with AsyncTaskResults(address) as watching:
            states = watching.watch(created.id)
            if address == server.address:
                await anext(states)
            before = asyncio.all_tasks()
            waiting = asyncio.ensure_future(anext(states))
            await asyncio.sleep(0.2)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(waiting, 15)
            with pytest.raises(StopAsyncIteration):
                await anext(states)
            await ended(asyncio.all_tasks() - before)
    mute.close()
