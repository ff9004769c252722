"""Some 450 calls a second that are cancelled, and others beside them on the connection.

Node.js 20 closes a connection at more than 1,000 cancels in a burst and 33 a second: docs/decisions/stream-resets.md.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from support.link import Link
from support.server import Server

from taskresults import AsyncTaskResults, TaskResults, TaskResultsError
from taskresults.steps import Call, Script
from taskresults.v1.task_result_service_pb2 import WaitTaskResultRequest

# As many tell that the Node.js of this server allows it.
_MAX_CANCELS = 4_000


_THREADS = 8


def given_up(id: str) -> Script[None]:
    """A call whose answer takes longer than the caller has."""
    request = WaitTaskResultRequest(id=id)
    request.timeout.FromSeconds(30)
    with suppress(TaskResultsError):
        yield Call("WaitTaskResult", request, 0.015)


@pytest.fixture
def link(server: Server) -> Iterator[Link]:
    link = Link(server.port)
    yield link
    link.close()


def test_they_disturb_nothing_in_threads(link: Link) -> None:
    with TaskResults(link.address, timeout=60) as results, ThreadPoolExecutor(_THREADS + 3) as pool:
        watched, waited, other = (results.create("app.tasks.add").id for _ in range(3))
        watching = pool.submit(lambda: [state.status for state in results.watch(watched)])
        waiting = pool.submit(results.wait, waited)
        is_over = threading.Event()

        def get() -> int:
            count = 0
            while not is_over.is_set():
                results.get(other)
                count += 1
            return count

        def cancel() -> None:
            for _ in range(_MAX_CANCELS // _THREADS):
                if link.accepted > 1:
                    break
                results._player.play(given_up(other))

        getting = pool.submit(get)
        for cancelling in [pool.submit(cancel) for _ in range(_THREADS)]:
            cancelling.result()
        results.fail_task(watched)
        results.fail_task(waited)
        is_over.set()
        assert watching.result()[-1] == "FAILED"
        assert waiting.result().status == "FAILED"
        assert getting.result() > 10


async def test_they_disturb_nothing_in_an_event_loop(link: Link) -> None:
    async with AsyncTaskResults(link.address, timeout=60) as results:
        watched, waited, other = [(await results.create("app.tasks.add")).id for _ in range(3)]

        async def watch() -> list[str]:
            return [state.status async for state in results.watch(watched)]

        async def get() -> int:
            count = 0
            while not is_over.is_set():
                await results.get(other)
                count += 1
            return count

        is_over = asyncio.Event()
        watching, waiting = asyncio.create_task(watch()), asyncio.create_task(results.wait(waited))
        getting = asyncio.create_task(get())
        cancelled: list[asyncio.Task[object]] = []
        while link.accepted < 2 and len(cancelled) < _MAX_CANCELS:
            calls = [asyncio.create_task(results.wait(other)) for _ in range(9)]
            await asyncio.sleep(0.02)
            for call in calls:
                call.cancel()
            cancelled += calls
        outcomes = await asyncio.gather(*cancelled, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}
        await results.fail_task(watched)
        await results.fail_task(waited)
        is_over.set()
        assert (await watching)[-1] == "FAILED"
        assert (await waiting).status == "FAILED"
        assert await getting > 10
