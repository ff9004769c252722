import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from conftest import Connect
from support.link import Link
from support.server import Server
from support.until import until

from taskresults import TaskResultDoesNotExist, TaskResultsError


def test_a_call_waits_for_a_server_that_comes_back(connect: Connect, own_server: Server) -> None:
    results = connect(own_server.address, timeout=60)
    handle = results.create("app.tasks.add")
    own_server.kill()
    own_server.start_later(0.5)
    started = results.start_attempt(handle.id, worker_id="w1")
    assert started.attempt == 1


def test_a_call_ends_at_its_deadline_with_what_kept_it(connect: Connect) -> None:
    before = time.monotonic()
    with pytest.raises(TaskResultsError) as raised:
        connect("127.0.0.1:1", timeout=30).with_timeout(0.7).get("x")
    assert raised.value.reason == "UNAVAILABLE"
    assert 0.2 < time.monotonic() - before < 9


def test_a_call_that_gets_no_answer_ends_at_its_deadline(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        results = connect(link.address, timeout=30)
        results.create("app.tasks.add")
        link.freeze()
        with pytest.raises(TaskResultsError) as raised:
            results.with_timeout(1).get("x")
        assert raised.value.reason == "DEADLINE_EXCEEDED"
    finally:
        link.close()


def test_only_a_delete_that_may_find_nothing_is_repeated(connect: Connect, own_server: Server) -> None:
    results = connect(own_server.address)
    id = results.create("app.tasks.add").id
    own_server.kill()
    before = time.monotonic()
    with pytest.raises(TaskResultsError) as raised:
        results.delete(id)
    assert raised.value.code is grpc.StatusCode.UNAVAILABLE
    assert time.monotonic() - before < 9
    own_server.start_later(0.5)
    results.delete(id, allow_missing=True)
    with pytest.raises(TaskResultDoesNotExist):
        results.get(id)


def test_a_start_whose_answer_was_lost_is_the_same_attempt(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        results, other = connect(link.address, timeout=30), connect(server.address)
        id = results.create("app.tasks.add").id
        link.mute()
        with ThreadPoolExecutor() as threads:
            start = threads.submit(results.start_attempt, id, worker_id="w1")
            until(lambda: other.get(id).status == "RUNNING")
            link.cut()
            assert start.result(30).attempt == 1
        assert other.get(id).worker_ids == ["w1"]
    finally:
        link.close()
