import pickle
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from conftest import Connect
from support.server import Server

from taskresults import (
    AttemptInProgress,
    IllegalTransition,
    InvalidField,
    PayloadTooLarge,
    RevisionMismatch,
    StaleAttempt,
    Task,
    TaskResultDoesNotExist,
    TaskResultExists,
    TaskResultMismatch,
    TaskResultsError,
    TaskResultStatus,
    TaskResultVersion,
    TimeRange,
)


def test_a_result_made_again_is_the_same(results: Any) -> None:
    first = results.create("app.tasks.add", args=[1])
    results.start_attempt(first.id, worker_id="w1")
    again = results.create("app.tasks.add", args=[1], id=first.id)
    assert (again.status, again.worker_ids, again.revision) == ("RUNNING", ["w1"], 2)
    with pytest.raises(TaskResultExists) as raised:
        results.create("app.tasks.add", args=[2], id=first.id)
    assert (raised.value.reason, raised.value.code) == ("TASK_RESULT_EXISTS", grpc.StatusCode.ALREADY_EXISTS)


def test_ids_are_made_here_and_sort_by_time(results: Any) -> None:
    ids = [UUID(results.create("app.tasks.add").id) for _ in range(2)]
    assert {id.version for id in ids} == {7}
    assert {id.variant for id in ids} == {"specified in RFC 4122"}
    assert ids[0].int >> 80 <= ids[1].int >> 80


def test_moves_that_are_refused(results: Any) -> None:
    id = results.create("app.tasks.add").id
    with pytest.raises(TaskResultMismatch):
        results.get(id, task_path="app.tasks.other")
    with pytest.raises(IllegalTransition):
        results.succeed(id, 1, None)
    started = results.start_attempt(id, worker_id="w1", lease=60)
    assert (started.attempt, started.state.status, started.state.attempts) == (1, TaskResultStatus.RUNNING, 1)
    renewed = results.renew_lease(id, 1, 90)
    assert renewed.lease_expires_at > started.state.lease_expires_at
    with pytest.raises(AttemptInProgress):
        results.start_attempt(id, worker_id="w2")
    assert results.start_attempt(id, worker_id="w2", force=True).attempt == 2
    with pytest.raises(StaleAttempt):
        results.succeed(id, 1, None)
    with pytest.raises(RevisionMismatch):
        results.delete(id, version=TaskResultVersion(started.state.incarnation, 1))
    results.delete(id)
    results.delete(id, allow_missing=True)
    for call in (results.get, results.delete, results.fail_task):
        with pytest.raises(TaskResultDoesNotExist, match=id):
            call(id)


def test_the_same_request_is_the_same_attempt(results: Any) -> None:
    id = results.create("app.tasks.add").id
    first = results.start_attempt(id, worker_id="w1", request_id="delivery-1")
    again = results.start_attempt(id, worker_id="w1", request_id="delivery-1")
    assert (first.attempt, again.attempt, again.state.version) == (1, 1, first.state.version)
    for request in ({"request_id": "delivery-2"}, {}):
        with pytest.raises(AttemptInProgress):
            results.start_attempt(id, worker_id="w1", **request)


def test_a_start_that_is_told_late_starts_nothing(results: Any) -> None:
    id = results.create("app.tasks.add").id
    for n in (1, 2):
        results.start_attempt(id, worker_id="w1", request_id=f"delivery-{n}")
        results.fail(id, n, ValueError(), retry=True)
        for request in range(1, n + 1):
            with pytest.raises(StaleAttempt):
                results.start_attempt(id, worker_id="w1", request_id=f"delivery-{request}")
    assert results.get(id).attempts == 2


def test_the_fence_of_an_attempt_ends_with_its_creation(results: Any) -> None:
    id = results.create("app.tasks.add").id
    old = results.start_attempt(id, worker_id="w1", lease=60).state.incarnation
    results.delete(id)
    results.create("app.tasks.add", args=["anew"], id=id)
    anew = results.start_attempt(id, worker_id="w2", lease=60).state
    assert anew.incarnation > old
    with pytest.raises(StaleAttempt):
        results.renew_lease(id, 1, 60, incarnation=old)
    with pytest.raises(StaleAttempt):
        results.fail(id, 1, ValueError(), incarnation=old)
    with pytest.raises(StaleAttempt):
        results.succeed(id, 1, "late", incarnation=old)
    assert results.get(id).version == anew.version
    results.renew_lease(id, 1, 60, incarnation=anew.incarnation)
    assert results.succeed(id, 1, "mine", incarnation=anew.incarnation).status is TaskResultStatus.SUCCESSFUL


def test_a_delete_of_one_version_leaves_others(results: Any) -> None:
    first = results.create("app.tasks.add")
    results.delete(first.id)
    second = results.create("app.tasks.add", id=first.id)
    results.start_attempt(first.id, worker_id="w1")
    for version in (first.version, second.version, TaskResultVersion(first.incarnation, 0)):
        with pytest.raises(RevisionMismatch):
            results.delete(first.id, version=version, allow_missing=True)
    results.delete(first.id, version=TaskResultVersion(second.incarnation, 0))
    assert results.get_many([first.id])[1] == [first.id]


def test_bad_input_names_its_fields(results: Any) -> None:
    with pytest.raises(InvalidField) as raised:
        results.create(Task("app.tasks.add", priority=101))
    assert raised.value.fields == ("task.priority",)
    with pytest.raises(PayloadTooLarge) as too_large:
        results.create("app.tasks.add", args=["x" * 1_100_000])
    assert too_large.value.fields == ("args_json",)
    with pytest.raises(InvalidField, match="time zone") as raised:
        results.create(Task("app.tasks.add", run_after=datetime(2030, 1, 1)))
    assert raised.value.fields == ("task.run_after",)


CALLS: dict[str, Callable[[Any, str], Any]] = {
    "id": lambda results, id: results.create("app.tasks.add", id=""),
    "request_id": lambda results, id: results.start_attempt(id, worker_id="w1", request_id=""),
    "expected_task_path": lambda results, id: results.get(id, task_path=""),
    "version": lambda results, id: results.delete(id, version=TaskResultVersion(0, 0)),
    "filter.statuses": lambda results, id: list(results.list(statuses=["DONE"])),
    "view": lambda results, id: results.get(id, view="HUGE"),
}


@pytest.mark.parametrize("field", CALLS)
def test_what_a_server_would_take_for_nothing_is_refused(results: Any, field: str) -> None:
    created = results.create("app.tasks.add")
    with pytest.raises(InvalidField) as raised:
        CALLS[field](results, created.id)
    assert raised.value.fields == (field,)
    assert results.get(created.id).version == created.version


def test_a_result_may_be_larger_than_grpc_takes_by_default(connect: Connect, tmp_path: Path) -> None:
    server = Server(tmp_path, "--max-json-size", "3MiB", "--max-message-size", "11MiB")
    try:
        results = connect(server.address)
        large = "x" * 2_500_000
        id = results.create("app.tasks.add", args=[large]).id
        results.start_attempt(id, worker_id="w1")
        results.succeed(id, 1, large)
        assert (results.get(id).args, results.get(id).return_value) == ([large], large)
    finally:
        server.kill()


def test_any_number_at_once_in_the_order_asked(results: Any) -> None:
    large = [results.create("app.tasks.add", args=["x" * 1_000_000]).id for _ in range(4)]
    nobody = [f"nobody-{n}" for n in range(1_500)]
    found, missing = results.get_many([*reversed(large), *nobody, large[0]])
    assert [result.id for result in found] == large[::-1], "more than an answer holds"
    assert missing == nobody, "more than a call asks for"
    assert results.get_many([]) == ([], [])


def test_a_list_fetches_pages_as_they_are_consumed(results: Any) -> None:
    path = f"app.tasks.{uuid4()}"

    def listed(**filter: Any) -> list[str]:
        return [result.id for result in results.list(task_path=path, **filter)]

    ids = [results.create(path, metadata={"n": str(n)}).id for n in range(5)]
    pages = results.list(task_path=path, page_size=2)
    assert next(pages).id == ids[4]
    results.delete(ids[1])
    assert [result.id for result in pages] == [ids[3], ids[2], ids[0]], "the second page was not there yet"

    results.start_attempt(ids[0], worker_id="w1")
    third = results.get(ids[2]).enqueued_at
    assert listed(statuses=["RUNNING", "FAILED"]) == listed(worker_id="w1") == [ids[0]]
    assert listed(metadata={"n": "3"}) == [ids[3]]
    assert listed(enqueued=TimeRange(start=third)) == [ids[4], ids[3], ids[2]]
    assert listed(enqueued=TimeRange(end=third)) == [ids[0]]
    assert listed(finished=TimeRange(start=third)) == listed(queue_name="other") == listed(backend="other") == []


def test_errors_can_be_pickled() -> None:
    error = StaleAttempt("over", code=grpc.StatusCode.FAILED_PRECONDITION, fields=["attempt"])
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.code, copy.fields) == (StaleAttempt, "over", error.code, ("attempt",))


def test_every_reason_has_a_class_of_its_own() -> None:
    reasons = [kind.reason for kind in TaskResultsError.__subclasses__()]
    assert len(reasons) == len(set(reasons))
