"""Processes that fork while they have a client. The table in the README is this one."""

import copy
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Connect
from support.blocking import Blocking
from support.server import Server

from taskresults import TaskResult, TaskResultDoesNotExist

_SUPPORT = Path(__file__).parent / "support"

# GRPC_ENABLE_FORK_SUPPORT, the client that the parent has, its states; and what a child may do with that client and its
# handles, with a new client, and with a new one for asyncio.
_TABLE = [
    (None, "blocking", ["unused", "idle"], ("works", "works", "works")),
    (None, "blocking", ["busy"], ("raises", "raises", "raises")),
    (None, "blocking", ["closed"], ("closed", "works", "works")),
    (None, "asyncio", ["unused", "idle"], ("raises", "works", "raises")),
    (None, "asyncio", ["busy"], ("raises", "raises", "raises")),
    (None, "asyncio", ["closed"], ("raises", "works", "works")),
    ("1", "blocking", ["unused", "idle", "busy"], ("works", "works", "works")),
    ("1", "blocking", ["closed"], ("closed", "works", "works")),
    ("1", "asyncio", ["unused", "idle", "busy"], ("raises", "raises", "raises")),
    ("1", "asyncio", ["closed"], ("raises", "works", "works")),
    ("0", "blocking", ["unused", "idle", "busy", "closed"], ("raises", "raises", "raises")),
    ("0", "asyncio", ["unused", "idle", "busy", "closed"], ("raises", "raises", "raises")),
]
_CASES = [(setting, kind, state, outcomes) for setting, kind, states, outcomes in _TABLE for state in states]


@pytest.mark.parametrize(("setting", "kind", "state", "expected"), _CASES)
def test_what_a_child_may_do(
    setting: str | None, kind: str, state: str, expected: tuple[str, str, str], server: Server
) -> None:
    outcomes = _fork(setting, kind, state, server)
    inherited, new, new_asyncio = expected
    assert outcomes == {
        "inherited": inherited,
        "blocking": new,
        "asyncio": new_asyncio,
        **({"handle": inherited} if state in ("idle", "busy") else {}),
        "parent": "closed" if state == "closed" else "works",
        **({"watch": "works"} if state == "busy" else {}),
        **({"iterator": inherited} if (kind, state) == ("blocking", "busy") else {}),
    }


def _fork(setting: str | None, kind: str, state: str, server: Server) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name != "GRPC_ENABLE_FORK_SUPPORT"}
    if setting is not None:
        environment["GRPC_ENABLE_FORK_SUPPORT"] = setting
    run = subprocess.run(
        [sys.executable, str(_SUPPORT / "forking_parent.py"), kind, state, server.address],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return dict(json.loads(line) for line in run.stdout.splitlines())


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copied_handle_works(copied: Callable[[TaskResult], TaskResult], connect: Connect, server: Server) -> None:
    results = connect(server.address)
    handle = results.create("app.tasks.add")
    other = copied(handle)
    results.fail_task(handle.id)
    other.refresh()
    assert (other.status, handle.status) == ("FAILED", "READY")


def test_a_pickled_handle_works_without_its_client(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    handle = results.create("app.tasks.add", args=[1, {"a": 2}], metadata={"tenant": "acme"})
    results.start_attempt(handle.id, worker_id="w1")
    results.fail(handle.id, 1, ValueError("no"))
    handle.refresh()
    other = pickle.loads(pickle.dumps(handle))
    assert (other.args, other.version, other.errors) == (handle.args, handle.version, handle.errors)
    for ask in (other.refresh, other.watch, other.awatch):
        with pytest.raises(RuntimeError, match="this handle was pickled"):
            ask()


def test_a_client_cannot_be_pickled_or_copied(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    client = results._client if isinstance(results, Blocking) else results
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="a client cannot be pickled or copied"):
            take(client)


def test_an_error_can_be_pickled(connect: Connect, server: Server) -> None:
    with pytest.raises(TaskResultDoesNotExist) as raised:
        connect(server.address).get("nobody")
    error = pickle.loads(pickle.dumps(raised.value))
    assert isinstance(error, TaskResultDoesNotExist)
    assert (error.reason, error.code, str(error)) == (raised.value.reason, raised.value.code, str(raised.value))


def test_gevent(server: Server) -> None:
    """Where gevent has replaced threads, other greenlets run while a client waits."""
    script = _SUPPORT / "gevent_program.py"
    run = subprocess.run(
        [sys.executable, str(script), server.address], stdout=subprocess.PIPE, text=True, timeout=120, check=True
    )
    assert run.stdout.split() == ["SUCCESSFUL", "READY", "SUCCESSFUL", "refused"]
