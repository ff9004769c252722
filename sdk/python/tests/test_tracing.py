"""Clients of a process whose gRPC OpenTelemetry traces. Its interceptor hands out streams that cannot be cancelled."""

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
from conftest import Connect
from opentelemetry.instrumentation.grpc import GrpcAioInstrumentorClient, GrpcInstrumentorClient
from support.link import Link
from support.server import Server
from support.until import until
from test_scripts import listen_too_briefly

from taskresults import AsyncTaskResults, ClientClosed, TaskResults


@pytest.fixture(autouse=True)
def traced() -> Iterator[None]:
    """Every channel that is made until the test has ended."""
    instrumentors: list[Any] = [GrpcInstrumentorClient(), GrpcAioInstrumentorClient()]
    for instrumentor in instrumentors:
        instrumentor.instrument()
    yield
    for instrumentor in instrumentors:
        instrumentor.uninstrument()


def create(results: Any) -> str:
    return str(results.create("app.tasks.add").id)


def start(results: Any, id: str) -> None:
    results.start_attempt(id, worker_id="w1")


def test_a_watch_yields_each_state(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    id = create(results)
    states = results.watch(id)
    assert next(states).status == "READY"
    start(results, id)
    assert next(states).status == "RUNNING"
    results.succeed(id, 1, "done")
    assert [state.return_value for state in states] == ["done"]


def test_a_watch_that_is_left_early_ends(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    for _ in range(3):
        assert len(list(islice(results.watch(create(results)), 1))) == 1


def test_a_watch_outlives_a_lost_link(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        results = connect(link.address)
        id = create(results)
        states = results.watch(id)
        assert next(states).status == "READY"
        link.cut()
        start(connect(server.address), id)
        assert next(states).status == "RUNNING"
    finally:
        link.close()


def test_a_silent_stream_is_ended(server: Server) -> None:
    with TaskResults(server.address) as results:
        assert results._player.play(listen_too_briefly()) == "CANCELLED"


async def test_a_silent_stream_is_ended_with_asyncio(server: Server) -> None:
    async with AsyncTaskResults(server.address) as results:
        assert await results._player.aplay(listen_too_briefly()) == "CANCELLED"


def test_a_watch_shares_the_connection_of_its_client(server: Server) -> None:
    link = Link(server.port)
    try:
        with TaskResults(link.address) as results:
            watched = [results.watch(create(results)) for _ in range(3)]
            assert [next(states).status for states in watched] == ["READY"] * 3
            assert link.accepted == 1
    finally:
        link.close()


def test_closing_the_client_ends_a_watch(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    states = results.watch(create(results))
    next(states)
    failures: list[BaseException] = []

    def read_on() -> None:
        try:
            next(states)
        except ClientClosed as closed:
            failures.append(closed)

    reader = threading.Thread(target=read_on)
    reader.start()
    results.close()
    reader.join(60)
    until(lambda: failures)
