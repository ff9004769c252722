import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.blocking import Blocking
from support.proxy import Proxy
from support.server import Server

from taskresults import TaskResults

# gRPC speaks of refused connections on standard error.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

Connect = Callable[..., Any]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it alone."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server to be stopped and started."""
    server = Server(tmp_path)
    yield server
    server.end()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    proxy = Proxy(server.address)
    yield proxy
    proxy.close()


@pytest.fixture(params=["blocking", "asyncio"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    """Makes clients of either kind, with the face of `TaskResults`. A busy machine has a minute for each call."""
    opened: list[Any] = []

    def connect(target: str, *, timeout: float = 60, **options: Any) -> Any:
        kind = TaskResults if request.param == "blocking" else Blocking
        opened.append(kind(target, timeout=timeout, **options))
        return opened[-1]

    yield connect
    for client in opened:
        client.end() if isinstance(client, Blocking) else client.close()


@pytest.fixture
def results(connect: Connect, server: Server) -> Any:
    """A client of either kind, connected."""
    return connect(server.address)
