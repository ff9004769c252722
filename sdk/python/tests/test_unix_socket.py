"""A server on a Unix socket."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Connect
from support.server import Server


@pytest.fixture
def socket_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, "--host", f"unix:{tmp_path / 'test.sock'}")
    yield server
    server.end()


@pytest.mark.parametrize("scheme", ["unix:", "unix://"])
def test_a_client_works(scheme: str, connect: Connect, socket_server: Server) -> None:
    path = socket_server.address.removeprefix("unix:")
    results = connect(f"{scheme}{path}")
    id = results.create("app.tasks.add").id
    states = results.watch(id)
    assert next(states).status == "READY"
    results.fail_task(id)
    assert [state.status for state in states] == ["FAILED"]


def test_a_call_goes_on_when_the_server_is_killed_and_starts_again(connect: Connect, socket_server: Server) -> None:
    results = connect(socket_server.address)
    id = results.create("app.tasks.add").id
    socket_server.kill()
    socket_server.start_later(0.5)
    assert results.get(id).status == "READY"
