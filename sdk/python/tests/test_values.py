import math
from typing import Any
from uuid import uuid4

import grpc
import pytest
from support.server import Server

from taskresults import NotDecodable, NotEncodable, TaskResults, TaskResultsError, json_text
from taskresults.v1.task_lifecycle_service_pb2 import CreateTaskResultRequest
from taskresults.v1.task_lifecycle_service_pb2_grpc import TaskLifecycleServiceStub
from taskresults.v1.task_result_pb2 import Task


class Nobody:
    pass


class Unreadable(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("dictionary changed size during iteration")


class Mute(dict[str, Any]):
    def items(self) -> Any:
        raise Unprintable


class Unprintable(ValueError):
    def __str__(self) -> str:
        raise RuntimeError


CYCLE: list[Any] = []
CYCLE.append(CYCLE)

DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "value",
    [
        [None, True, -1, 1.5, "text", {}, [[1], {"a": None}]],
        [2**53 + 1, -(2**63), 2**64 - 1, 10**31 + 1, 10**4000],
        [10**5000 - 1, {"a": -(10**5001)}, [1.5, None, True, "\ud800", {"b": 10**30000 + 7}]],
        ["\x00", "\u2028", "𝄞 日本 🚀", "\ud800", '"\\/\b\f\n\r\t'],
        {"": 1, "é": {"b": 1, "a": 2}},
        1.0,
        "",
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_comes_back_as_it_went(results: Any, value: Any) -> None:
    handle = results.create("app.tasks.echo", args=[value], kwargs={"value": value})
    results.start_attempt(handle.id, worker_id="w1")
    results.succeed(handle.id, 1, value)
    got = results.get(handle.id)
    for returned in (got.args[0], got.kwargs["value"], got.return_value):
        assert returned == value
        assert type(returned) is type(value)


def test_what_json_writes_otherwise_is_written_so(results: Any) -> None:
    assert results.create("app.tasks.echo", args=((1, (2,)), {3: True})).args == [[1, [2]], {"3": True}]

    written = {10**5000: 1, None: 2, True: 3, 1.5: 4}
    assert list(results.create("app.tasks.echo", args=[written]).args[0]) == [f"1{'0' * 5000}", "null", "true", "1.5"]


@pytest.mark.parametrize(
    "value",
    [
        *(math.nan, math.inf, -math.inf, CYCLE, DEEP, Nobody(), {1, 2}, b"x", {(1, 2): 3}, Unreadable(a=1), Mute(a=1)),
        *({1: "a", "1": "b"}, [({"a": {None: 1, "null": 2}},)], {True: 1, "true": 2}, {1.5: 1, "1.5": 2}),
        *([10**5000, math.nan], {10**5000: DEEP}, [10**5000, CYCLE]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_json_is_refused_before_anything_is_sent(value: Any) -> None:
    with TaskResults("127.0.0.1:1", timeout=30) as nowhere:
        with pytest.raises(NotEncodable):
            nowhere.create("app.tasks.echo", args=[value])
        with pytest.raises(NotEncodable):
            nowhere.succeed("x", 1, value)


@pytest.mark.parametrize("text", ["1e400", "[-1e400]", f"{'9' * 400}.5", f"[{'1' * 5000}, 1e400]", "NaN", "[Infinity]"])
def test_a_number_that_no_float_holds_is_not_read_as_infinity(text: str) -> None:
    with pytest.raises(NotDecodable):
        json_text.decode(text)


def test_what_python_cannot_read_is_told_so(results: Any, server: Server) -> None:
    id = str(uuid4())
    deep = "[" * 100_000 + "]" * 100_000
    request = CreateTaskResultRequest(id=id, task=Task(path="a"), args_json=deep, kwargs_json=f'{{"a": {deep}}}')
    with grpc.insecure_channel(server.address) as channel:
        TaskLifecycleServiceStub(channel).CreateTaskResult(request)
    result = results.get(id)
    assert result.args_json == deep
    for name in ("args", "kwargs"):
        with pytest.raises(NotDecodable) as raised:
            getattr(result, name)
        assert isinstance(raised.value, TaskResultsError)
        assert raised.value.reason == "NOT_DECODABLE"
