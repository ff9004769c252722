from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from taskresults import (
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


def test_an_error_that_is_too_large_is_cut_rather_than_lost(results: Any) -> None:
    handle = results.create("app.tasks.broken")
    results.fail_task(handle.id, ValueError("é" * 10_000_000))
    handle.refresh()
    assert handle.status is TaskResultStatus.FAILED
    assert handle.errors[0].message.startswith("éé")


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
