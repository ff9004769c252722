from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from support.server import Server

from taskresults import (
    InvalidField,
    NotInView,
    Task,
    TaskError,
    TaskFailed,
    TaskNotFinished,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResults,
    TaskResultStatus,
    TaskResultView,
)
from taskresults.steps import Step, advance
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1.task_result_service_pb2 import RefreshTaskResultResponse

DJANGOS_METHODS = ["refresh", "arefresh"]
DJANGOS_ATTRIBUTES = (
    *("task", "id", "status", "enqueued_at", "started_at", "finished_at", "last_attempted_at"),
    *("args", "kwargs", "backend", "errors", "worker_ids", "is_finished", "attempts"),
)


def succeeded(results: Any, value: Any) -> TaskResult:
    created = results.create("app.tasks.add", args=[1, 2], kwargs={"c": 3})
    results.start_attempt(created.id, worker_id="w1")
    results.succeed(created.id, 1, value)
    result: TaskResult = results.get(created.id)
    return result


def test_has_everything_of_djangos(results: Any) -> None:
    result = succeeded(results, None)
    assert [name for name in (*DJANGOS_ATTRIBUTES, *DJANGOS_METHODS) if not hasattr(result, name)] == []
    assert result.return_value is None


def test_follows_a_result_through_its_life(results: Any) -> None:
    run_after = datetime(2030, 1, 2, 3, 4, 5, 678901, timezone(timedelta(hours=2)))
    task = Task("app.tasks.add", priority=-7, queue_name="mails", run_after=run_after, takes_context=True)
    handle = results.create(task, args=(1, "é"), kwargs={"c": 3}, backend="other", metadata={"tenant": "acme"})
    assert handle.task == task
    assert (handle.args, handle.kwargs, handle.backend) == ([1, "é"], {"c": 3}, "other")
    assert (handle.args_json, handle.kwargs_json) == ('[1,"é"]', '{"c":3}')
    assert (handle.status, handle.is_finished, handle.attempts, handle.revision) == ("READY", False, 0, 1)
    assert (handle.started_at, handle.last_attempted_at, handle.finished_at, handle.expires_at) == (None,) * 4
    with pytest.raises(TaskNotFinished, match=r"^Task has not finished yet$"):
        _ = handle.return_value

    results.start_attempt(handle.id, worker_id="w1")
    assert handle.status is TaskResultStatus.READY, "a handle never changes by itself"
    handle.refresh()
    assert (handle.status, handle.worker_ids, handle.attempts) == ("RUNNING", ["w1"], 1)
    assert handle.started_at == handle.last_attempted_at is not None

    results.fail(handle.id, 1, KeyError("lost"))
    handle.refresh()
    assert (handle.status, handle.is_finished, handle.revision) == ("FAILED", True, 3)
    assert handle.metadata == {"tenant": "acme"}
    with pytest.raises(ValueError, match=r"^Task failed$") as raised:
        _ = handle.return_value
    assert isinstance(raised.value, TaskFailed)
    times = [handle.enqueued_at, handle.started_at, handle.finished_at, handle.errors[0].raised_at]
    assert times == sorted(times)
    assert {time.tzinfo for time in times} == {timezone.utc}


def test_a_created_handle_is_what_a_get_answers(results: Any) -> None:
    task = Task("app.tasks.add", run_after=datetime(2038, 1, 19, 3, 14, 8, 1, timezone.utc))
    created = results.create(task, args=[{"a": [1.5, None]}], metadata={"k": "v"})
    got = results.get(created.id)
    for name in [*DJANGOS_ATTRIBUTES, "args_json", "kwargs_json", "metadata", "revision", "expires_at"]:
        assert getattr(created, name) == getattr(got, name), name


def test_a_refresh_that_finds_nothing_new_changes_nothing(results: Any) -> None:
    handle = succeeded(results, {"a": 1})
    value = handle.return_value
    handle.refresh()
    assert handle.return_value is value


def test_a_deleted_result_leaves_the_handle_as_it_was(results: Any) -> None:
    handle = succeeded(results, 3)
    results.delete(handle.id)
    with pytest.raises(TaskResultDoesNotExist):
        handle.refresh()
    assert (handle.status, handle.return_value, handle.revision) == ("SUCCESSFUL", 3, 3)


EVERYTHING = (
    *DJANGOS_ATTRIBUTES,
    *("args_json", "kwargs_json", "return_value_json", "metadata", "incarnation", "revision", "version", "expires_at"),
)


def everything(result: TaskResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in EVERYTHING}


def created_anew(results: Any, id: str) -> TaskResult:
    """As a task of its own, at the revision that `succeeded` leaves."""
    results.delete(id)
    task = Task("app.tasks.other", priority=1, run_after=datetime(2040, 1, 1, tzinfo=timezone.utc), takes_context=True)
    results.create(task, args=["other"], kwargs={"o": 1}, id=id, backend="other", metadata={"o": "1"})
    results.start_attempt(id, worker_id="other")
    results.fail(id, 1, ValueError("other"))
    result: TaskResult = results.get(id)
    return result


def test_versions_tell_what_is_newer(results: Any) -> None:
    first = succeeded(results, 3)
    second = created_anew(results, first.id)
    assert first.revision == second.revision == 3
    assert first.version == (first.incarnation, 3)
    assert first.version < second.version


def test_a_result_created_anew_replaces_everything(results: Any) -> None:
    handle = succeeded(results, 3)
    assert (handle.args, handle.kwargs, handle.return_value) == ([1, 2], {"c": 3}, 3)
    anew = created_anew(results, handle.id)
    handle.refresh()
    assert everything(handle) == everything(anew)


def test_an_answer_that_comes_late_does_not_move_a_handle_back(server: Server) -> None:
    with TaskResults(server.address) as results:
        handle = results.create("app.tasks.add")
        late: list[tuple[Any, Any]] = []

        def ask() -> None:
            """A refresh whose answer is under way."""
            read = handle._read()
            late.append((read, results._player._perform(cast("Step", advance(read)))))

        results.start_attempt(handle.id, worker_id="w1")
        ask()
        results.succeed(handle.id, 1, "done")
        ask()
        created_anew(results, handle.id)
        handle.refresh()
        newest = everything(handle)
        for read, answer in late:
            advance(read, answer)
            assert everything(handle) == newest


def test_an_answer_that_cannot_be_read_changes_nothing(server: Server) -> None:
    with TaskResults(server.address) as results:
        handle = succeeded(results, 3)
        before = everything(handle)
        read = handle._read()
        advance(read)
        never = Timestamp(seconds=10**15)
        unreadable = pb.TaskResult(id=handle.id, incarnation=handle.incarnation + 1, args_json="[0]", started_at=never)
        with pytest.raises(ValueError, match="Timestamp"):
            advance(read, RefreshTaskResultResponse(replaced=unreadable))
        assert everything(handle) == before


def test_a_task_may_be_tried_as_often_as_its_creator_says(results: Any) -> None:
    handle = results.create("app.tasks.limited", max_attempts=2)
    assert (handle.max_attempts, handle.attempts, handle.error_count) == (2, 0, 0)
    for attempt in (1, 2):
        results.start_attempt(handle.id, worker_id="w1")
        results.fail(handle.id, attempt, ValueError("no"), retry=True)
    handle.refresh()
    assert (handle.status, handle.max_attempts, handle.attempts, handle.error_count) == ("FAILED", 2, 2, 2)
    usual = results.create("app.tasks.usual")
    assert usual.max_attempts == results.get(usual.id).max_attempts == 100
    with pytest.raises(InvalidField, match="max_attempts"):
        results.create("app.tasks.never", max_attempts=0)


def test_a_list_leaves_out_what_is_large(results: Any) -> None:
    id = succeeded(results, 3).id
    path = results.get(id).task.path
    basic = next(handle for handle in results.list(task_path=path) if handle.id == id)
    assert (basic.status, basic.attempts, basic.args_json, basic.return_value_json) == ("SUCCESSFUL", 1, None, None)
    whole = next(handle for handle in results.list(task_path=path, view=TaskResultView.FULL) if handle.id == id)
    assert (whole.args, whole.return_value) == (results.get(id).args, 3)


def test_a_refresh_keeps_to_the_view(results: Any) -> None:
    created = results.create("app.tasks.add", args=["x" * 1000])
    handle = results.get(created.id, view=TaskResultView.BASIC)
    finish(results, handle.id)
    handle.refresh()
    assert (handle.status, handle.worker_ids) == ("SUCCESSFUL", ["w1"])
    for name in ("args", "kwargs", "return_value"):
        with pytest.raises(NotInView, match=name):
            getattr(handle, name)
    created_anew(results, handle.id)
    handle.refresh()
    assert (handle.task.path, handle.args_json, handle.status) == ("app.tasks.other", None, "FAILED")


def finish(results: Any, id: str) -> None:
    results.start_attempt(id, worker_id="w1")
    results.succeed(id, 1, "done")


def test_the_basic_view_does_not_pass_for_values(results: Any) -> None:
    handle = results.get(succeeded(results, 3).id, view=TaskResultView.BASIC)
    assert (handle.status, handle.args_json, handle.return_value_json) == ("SUCCESSFUL", None, None)
    for name in ("args", "kwargs", "return_value"):
        with pytest.raises(NotInView, match=name):
            getattr(handle, name)


class Unknown(Exception):
    class Nested(Exception):
        pass


def test_errors_tell_the_class_and_the_traceback(results: Any) -> None:
    handle = results.create("app.tasks.broken")
    results.start_attempt(handle.id, worker_id="w1")
    try:
        raise Unknown.Nested("half a pair: \ud800")
    except Unknown.Nested as raised:
        results.fail(handle.id, 1, raised, retry=True)
    handle.refresh()
    (error,) = handle.errors
    assert error.exception_class is Unknown.Nested
    assert error.exception_class_path == f"{__name__}.Unknown.Nested"
    assert error.message == "half a pair: \\ud800"
    assert "test_errors_tell_the_class_and_the_traceback" in error.traceback
    assert (error.attempt, error.worker_id, handle.status) == (1, "w1", "READY")


def test_an_error_that_is_too_large_is_cut_and_marked(results: Any) -> None:
    handle = results.create("app.tasks.broken")
    size = 10_000_000
    name = "N" * 2_000
    results.fail_task(handle.id, type(name, (ValueError,), {"__module__": "m"})("é" * size))
    handle.refresh()
    (error,) = handle.errors
    assert error.exception_class_path == f"m.{name}"[:1_000]
    for text, most in ((error.message, 64 * 1024), (error.traceback, 256 * 1024)):
        kept, marker = text.split("\n[cut: ")
        assert most - 100 < len(text.encode()) <= most
        gone = int(marker.removesuffix(" more bytes]"))
        assert gone + len(kept.encode()) >= 2 * size


@pytest.mark.parametrize("path", ["*net.OpError", "java.lang.Error", "builtins.Nothing", "Nothing", "a.<locals>.B"])
def test_a_class_that_cannot_be_imported(path: str) -> None:
    with pytest.raises(ValueError, match="cannot be imported") as raised:
        _ = TaskError(exception_class_path=path).exception_class
    assert isinstance(raised.value, ImportError), "as in Django"


@pytest.mark.parametrize("path", ["builtins.int", "builtins.print", "json"])
def test_what_is_no_exception_class(path: str) -> None:
    with pytest.raises(ValueError, match="no exception class"):
        _ = TaskError(exception_class_path=path).exception_class


def test_an_exception_without_a_text_of_its_own_can_be_told() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert "str() failed" in TaskError.from_exception(Mute()).message


async def test_a_handle_of_the_blocking_client_can_be_awaited(server: Any) -> None:
    with TaskResults(server.address) as results:
        handle = results.create("app.tasks.add")
        results.start_attempt(handle.id, worker_id="w1")
        await handle.arefresh()
        assert handle.status is TaskResultStatus.RUNNING
        with pytest.raises(RuntimeError, match="has watch"):
            handle.awatch()
