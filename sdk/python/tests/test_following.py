import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from conftest import Connect
from support.link import Link
from support.server import Server
from support.until import until

from taskresults import (
    ClientClosed,
    TaskResultDoesNotExist,
    TaskResultsError,
    Unauthenticated,
    WaitTimedOut,
)
from taskresults.v1.task_result_service_pb2 import (
    KnownTaskResult,
    WatchTaskResultsRequest,
    WatchTaskResultsResponse,
)
from taskresults.v1.task_result_service_pb2_grpc import TaskResultServiceStub

End = WatchTaskResultsResponse.End


class Following(threading.Thread):
    """Collects what an iterator yields, and the error that it ends with."""

    def __init__(self, states: Iterator[Any]) -> None:
        super().__init__(daemon=True)
        self.states = states
        self.seen: list[Any] = []
        self.error: TaskResultsError | None = None
        self.start()

    def run(self) -> None:
        try:
            for state in self.states:
                self.seen.append(state)
        except TaskResultsError as error:
            self.error = error

    def end(self) -> list[int]:
        self.join(30)
        assert not self.is_alive(), "it goes on"
        return [state.revision for state in self.seen]


def waiting(results: Any, id: str) -> Following:
    return Following(results.wait(id) for _ in range(1))


def finish(results: Any, id: str) -> None:
    results.start_attempt(id, worker_id="w1")
    results.succeed(id, 1, "done")


def test_a_wait_ends_with_the_result(results: Any) -> None:
    id = results.create("app.tasks.add").id
    wait = waiting(results, id)
    finish(results, id)
    assert wait.end() == [3]
    assert wait.seen[0].return_value == "done"
    assert results.wait(id, timeout=0).return_value == "done"


def test_a_wait_that_takes_too_long_says_so(results: Any) -> None:
    id = results.create("app.tasks.add").id
    for timeout in (0, 0.1234):
        before = time.monotonic()
        with pytest.raises(WaitTimedOut, match="was not finished within") as raised:
            results.wait(id, timeout=timeout)
        assert timeout - 0.01 <= time.monotonic() - before < 9
        assert isinstance(raised.value, TimeoutError)


def test_a_wait_takes_no_longer_than_asked_without_a_server(connect: Connect) -> None:
    before = time.monotonic()
    with pytest.raises(WaitTimedOut):
        connect("127.0.0.1:1").wait("x", timeout=1)
    assert 1 <= time.monotonic() - before < 9


def test_a_watch_yields_newer_states_and_ends(results: Any) -> None:
    first = results.create("app.tasks.add")
    watch = Following(results.watch(first.id))
    until(lambda: len(watch.seen) == 1)
    results.start_attempt(first.id, worker_id="w1")
    until(lambda: len(watch.seen) == 2)
    results.succeed(first.id, 1, "done")
    assert watch.end() == [1, 2, 3]
    assert watch.error is None
    assert (watch.seen[0].status, watch.seen[1].worker_ids, watch.seen[2].return_value) == ("READY", ["w1"], "done")


def test_what_is_deleted_ends_waits_and_watches(results: Any) -> None:
    id = results.create("app.tasks.add").id
    watch, wait = Following(results.watch(id)), waiting(results, id)
    until(lambda: watch.seen)
    results.delete(id)
    assert (watch.end(), wait.end()) == ([1], [])
    assert isinstance(watch.error, TaskResultDoesNotExist)
    assert isinstance(wait.error, TaskResultDoesNotExist)


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_everything_goes_on_through_a_restart(connect: Connect, own_server: Server, how: str) -> None:
    results = connect(own_server.address, timeout=60)
    id = results.create("app.tasks.add").id
    watch, wait = Following(results.watch(id)), waiting(results, id)
    until(lambda: watch.seen)
    getattr(own_server, how)()
    call = Following(results.get(id) for _ in range(1))
    own_server.start()
    finish(results, id)
    revisions = watch.end()
    assert revisions == sorted(set(revisions)), "no older revision, and none twice"
    assert (revisions[0], revisions[-1], wait.end()) == (1, 3, [3])
    assert len(call.end()) == 1


def test_a_watch_opens_again_when_it_is_too_old(connect: Connect, tmp_path: Path) -> None:
    server = Server(tmp_path, "--watch-max-age", "1s")
    try:
        results = connect(server.address)
        id = results.create("app.tasks.add").id
        watch = Following(results.watch(id))
        until(lambda: watch.seen)
        assert end_of_a_younger_stream(server, id) == End.REASON_MAX_AGE
        assert watch.is_alive()
        finish(results, id)
        revisions = watch.end()
        assert revisions == sorted(set(revisions))
        assert revisions[-1] == 3
    finally:
        server.kill()


def end_of_a_younger_stream(server: Server, id: str) -> End.Reason.ValueType:
    ids = WatchTaskResultsRequest.Ids(task_results=[KnownTaskResult(id=id)])
    with grpc.insecure_channel(server.address) as channel:
        *_, last = TaskResultServiceStub(channel).WatchTaskResults(WatchTaskResultsRequest(ids=ids))
    return last.end.reason


def test_a_stream_that_is_silent_counts_as_dead(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        watcher, writer = connect(link.address, heartbeat=1), connect(server.address)
        id = writer.create("app.tasks.add").id
        watch = Following(watcher.watch(id))
        until(lambda: watch.seen)
        link.freeze()
        finish(writer, id)
        assert watch.end()[-1] == 3
    finally:
        link.close()


def test_a_lost_link_is_mended(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        results, writer = connect(link.address), connect(server.address)
        id = writer.create("app.tasks.add").id
        watch, wait = Following(results.watch(id)), waiting(results, id)
        until(lambda: watch.seen)
        link.cut()
        finish(writer, id)
        assert (watch.end()[-1], wait.end()) == (3, [3])
    finally:
        link.close()


def test_what_cannot_be_mended_is_raised(connect: Connect, tmp_path: Path) -> None:
    server = Server(tmp_path, token="right")
    try:
        wrong = connect(server.address, token="wrong")
        watch, wait = Following(wrong.watch("x")), waiting(wrong, "x")
        assert (watch.end(), wait.end()) == ([], [])
        assert isinstance(watch.error, Unauthenticated)
        assert isinstance(wait.error, Unauthenticated)
        with pytest.raises(TaskResultDoesNotExist):
            connect(server.address, token="right").get("x")
    finally:
        server.kill()


def test_a_result_created_again_is_not_the_one_that_was_watched(connect: Connect, server: Server) -> None:
    link = Link(server.port)
    try:
        watcher, writer = connect(link.address, heartbeat=1), connect(server.address)
        id = writer.create("app.tasks.add").id
        writer.start_attempt(id, worker_id="w1")
        writer.fail(id, 1, ValueError(), retry=True)
        watch = Following(watcher.watch(id))
        until(lambda: watch.seen)
        link.freeze()
        writer.delete(id)
        writer.create("app.tasks.add", id=id)
        writer.fail_task(id)
        assert watch.end() == [3]
        assert isinstance(watch.error, TaskResultDoesNotExist)
    finally:
        link.close()


def test_close_ends_what_is_under_way(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    id = results.create("app.tasks.add").id
    watch, wait = Following(results.watch(id)), waiting(results, id)
    until(lambda: watch.seen)
    results.close()
    assert (watch.end(), wait.end()) == ([1], [])
    assert isinstance(watch.error, ClientClosed)
    assert isinstance(wait.error, ClientClosed)
    with pytest.raises(ClientClosed):
        results.get(id)
    results.close()


def test_an_iterator_that_begins_after_the_close_asks_for_nothing(connect: Connect, server: Server) -> None:
    results = connect(server.address)
    handle = results.create("app.tasks.add")
    iterators = [results.watch(handle.id), results.list()]
    results.close()
    for iterator in [*iterators, results.watch(handle.id), results.list()]:
        with pytest.raises(ClientClosed):
            next(iterator)


def test_close_ends_the_pause_before_another_try(connect: Connect) -> None:
    results = connect("127.0.0.1:1", timeout=60)
    call = Following(results.get("x") for _ in range(1))
    threading.Timer(0.3, results.close).start()
    call.end()
    assert isinstance(call.error, ClientClosed)


def test_a_watch_that_is_left_early_is_ended(results: Any) -> None:
    watch = results.watch(results.create("app.tasks.add").id)
    assert next(watch).revision == 1
    watch.close()
    with pytest.raises(StopIteration):
        next(watch)
