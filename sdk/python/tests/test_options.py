"""What a client is made with: times from zero to for ever, and a token."""

import math
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from conftest import Connect
from support.server import Server

from taskresults import InvalidField, TaskResultsError, WaitTimedOut

DAY = 24 * 60 * 60


@pytest.mark.parametrize("timeout", [30 * DAY, threading.TIMEOUT_MAX, sys.maxsize, sys.float_info.max, math.inf])
def test_a_call_may_take_as_long_as_one_likes(connect: Connect, server: Server, timeout: float) -> None:
    results = connect(server.address, timeout=timeout)
    for _ in range(30):
        id = results.create("app.tasks.add").id
    assert results.wait(finished(results, id), timeout=timeout).return_value is None


def finished(results: Any, id: str) -> str:
    results.start_attempt(id, worker_id="w1")
    results.succeed(id, 1, None)
    return id


@pytest.mark.parametrize("timeout", [0, -1, -math.inf])
def test_a_call_without_any_time_is_not_made(connect: Connect, server: Server, timeout: float) -> None:
    results = connect(server.address)
    ids = [str(uuid4()) for _ in range(30)]
    for id in ids:
        with pytest.raises(TaskResultsError) as raised:
            results.with_timeout(timeout).create("app.tasks.add", id=id)
        assert raised.value.reason == "DEADLINE_EXCEEDED"
    assert results.get_many(ids) == ([], ids)


def test_a_wait_without_any_time_tells_what_is_so(results: Any) -> None:
    id = results.create("app.tasks.add").id
    for timeout in (0, -1, -math.inf):
        with pytest.raises(WaitTimedOut):
            results.wait(id, timeout=timeout)
    assert results.wait(finished(results, id), timeout=0).is_finished


@pytest.mark.parametrize(
    ("field", "value"),
    [("timeout", math.nan), ("heartbeat", math.nan), ("heartbeat", 0.5), ("heartbeat", 61), ("heartbeat", math.inf)],
)
def test_a_time_that_is_none_is_refused(connect: Connect, server: Server, field: str, value: float) -> None:
    with pytest.raises(InvalidField, match=field) as raised:
        connect(server.address, **{field: value})
    assert raised.value.fields == (field,)


def test_times_of_a_call_that_are_none_are_refused(results: Any) -> None:
    id = results.create("app.tasks.add").id
    with pytest.raises(InvalidField) as raised:
        results.wait(id, timeout=math.nan)
    assert raised.value.fields == ("timeout",)
    for lease in (math.nan, 0, -1, 8 * DAY, sys.maxsize, sys.float_info.max, -math.inf):
        with pytest.raises(InvalidField) as raised:
            results.start_attempt(id, worker_id="w1", lease=lease)
        assert raised.value.fields == ("lease",)
    with pytest.raises(InvalidField) as raised:
        results.renew_lease(id, 1, math.inf)
    assert raised.value.fields == ("lease",)


def test_a_lease_without_end_is_none(results: Any) -> None:
    id = results.create("app.tasks.add").id
    started = results.start_attempt(id, worker_id="w1", lease=math.inf)
    assert started.state.lease_expires_at is None


@pytest.mark.parametrize("token", ["s3cret\n", "s3cret\r\nx: y", "s3cret\0", "s3crét", "s3cret\ud800", "a s3cret", ""])
def test_a_token_that_no_header_can_carry_is_refused_and_not_quoted(connect: Connect, token: str) -> None:
    with pytest.raises(InvalidField, match="token") as raised:
        connect("127.0.0.1:1", token=token)
    assert raised.value.fields == ("token",)
    told = raised.value
    while told is not None:
        assert "s3cr" not in "".join(map(str, told.args))
        told = told.__cause__ or told.__context__  # type: ignore[assignment]


def test_a_token_is_not_shown_by_what_holds_it(connect: Connect, server: Server) -> None:
    results = connect(server.address, token="s3cret")
    with pytest.raises(TaskResultsError) as raised:
        results.get("x")
    assert "s3cret" not in "".join(traceback.format_exception(raised.value)) + repr(results)


CALLS: dict[str, Callable[[Any], Any]] = {
    "get": lambda results: results.get("\ud800"),
    "create": lambda results: results.create("app.tasks.add", metadata={"k": "\ud800"}),
    "start_attempt": lambda results: results.start_attempt("x", worker_id="\ud800"),
    "wait": lambda results: results.wait("\ud800"),
    "watch": lambda results: next(results.watch("\ud800")),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_text_that_is_no_unicode_is_refused(results: Any, call: Callable[[Any], Any]) -> None:
    with pytest.raises(InvalidField, match="surrogate"):
        call(results)
