import math
from typing import Any

import pytest

from taskresults import NotEncodable, TaskResults


class Nobody:
    pass


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
        ["\x00", "\u2028", "𝄞 日本 🚀", "\ud800", '"\\/\b\f\n\r\t'],
        {"": 1, "é": {"b": 1, "a": 2}},
        1.0,
        "",
        None,
    ],
    ids=repr,
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


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, CYCLE, DEEP, Nobody(), {1, 2}, b"x", {(1, 2): 3}, 10**5000], ids=type
)
def test_what_is_no_json_is_refused_before_anything_is_sent(value: Any) -> None:
    with TaskResults("127.0.0.1:1", timeout=30) as nowhere:
        with pytest.raises(NotEncodable):
            nowhere.create("app.tasks.echo", args=[value])
        with pytest.raises(NotEncodable):
            nowhere.succeed("x", 1, value)
