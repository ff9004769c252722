"""What a refusal says that comes from a proxy, and what it does not say."""

import math
from typing import Any
from uuid import uuid4

import pytest
from conftest import Connect
from google.protobuf.any_pb2 import Any as Detail
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from support.proxy import Proxy
from support.work import run

from taskresults import InternalError, TaskResultsError


def details(*messages: Any) -> tuple[str, bytes]:
    status = Status()
    for message in messages:
        status.details.add().Pack(message)
    return "grpc-status-details-bin", status.SerializeToString()


A_BUG = details(ErrorInfo(reason="INTERNAL", domain="taskresults.v1"))
A_LIMIT = details(ErrorInfo(reason="LIMIT_REACHED", domain="taskresults.v1"))


@pytest.mark.parametrize(
    ("code", "trailers"),
    [
        *((code, ()) for code in StatusCode if code is not StatusCode.OK),
        *((StatusCode.INTERNAL, (A_BUG,)), (StatusCode.RESOURCE_EXHAUSTED, (A_LIMIT,))),
    ],
    ids=lambda value: value.name if isinstance(value, StatusCode) else "ours" if value else "",
)
def test_a_success_outlives_a_refusal_that_says_nothing_about_its_value(
    connect: Connect, proxy: Proxy, code: StatusCode, trailers: tuple[tuple[str, bytes], ...]
) -> None:
    proxy.refuse("FinishAttempt", code, *trailers)
    result = run(connect(proxy.address), lambda: "done")
    assert (result.status, result.return_value) == ("SUCCESSFUL", "done")


@pytest.mark.parametrize("code", [StatusCode.RESOURCE_EXHAUSTED, StatusCode.UNAUTHENTICATED, StatusCode.UNIMPLEMENTED])
def test_a_failure_outlives_a_refusal_that_says_nothing_about_it_whole(
    connect: Connect, proxy: Proxy, code: StatusCode
) -> None:
    def function() -> None:
        raise ValueError("x" * 2_000)

    results, id = connect(proxy.address), str(uuid4())
    proxy.refuse("FinishAttempt", code)
    with pytest.raises(ValueError, match="xxx"):
        run(results, function, id=id)
    (error,) = results.get(id).errors
    assert (len(error.message), "in function" in error.traceback) == (2_000, True)


def test_a_success_whose_message_is_larger_than_a_proxy_takes_is_a_failure(connect: Connect, proxy: Proxy) -> None:
    results, id = connect(proxy.address), str(uuid4())
    text = "Received message larger than max (5000000 vs. 4194304)"
    proxy.refuse("FinishAttempt", StatusCode.RESOURCE_EXHAUSTED, text=text)
    with pytest.raises(TaskResultsError, match="larger than max"):
        run(results, lambda: "done", id=id)
    assert results.get(id).errors[0].message == f"the return value cannot be stored: {text}"


GARBLED = Status(details=[Detail(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff")])


@pytest.mark.parametrize("value", [b"\xff\xff", GARBLED.SerializeToString()], ids=["all of them", "one of them"])
def test_details_that_are_garbled_count_as_none(connect: Connect, proxy: Proxy, value: bytes) -> None:
    results = connect(proxy.address)
    proxy.refuse("DeleteTaskResult", StatusCode.INTERNAL, ("grpc-status-details-bin", value))
    with pytest.raises(TaskResultsError, match="a proxy") as raised:
        results.delete("x")
    assert (raised.value.reason, raised.value.code) == ("INTERNAL", StatusCode.INTERNAL)
    assert not isinstance(raised.value, InternalError)


def asking(seconds: int) -> tuple[str, bytes]:
    return details(RetryInfo(retry_delay=Duration(seconds=seconds)))


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_call_is_made_again_once_the_server_takes_it(connect: Connect, proxy: Proxy, seconds: int) -> None:
    results = connect(proxy.address, timeout=8)
    id = results.create("app.tasks.add").id
    proxy.refuse("GetTaskResult", StatusCode.UNAVAILABLE, asking(seconds))
    assert results.get(id).id == id


@pytest.mark.parametrize("seconds", [60, 10**11, 10**15])
def test_a_call_whose_time_is_over_by_then_is_not(connect: Connect, proxy: Proxy, seconds: int) -> None:
    results = connect(proxy.address, timeout=8)
    proxy.refuse("GetTaskResult", StatusCode.UNAVAILABLE, asking(seconds))
    with pytest.raises(TaskResultsError, match="a proxy"):
        results.get("x")


def test_an_outcome_is_told_again_once_the_server_takes_it(connect: Connect, proxy: Proxy) -> None:
    results = connect(proxy.address)
    proxy.refuse("FinishAttempt", StatusCode.UNAVAILABLE, asking(2))
    assert run(results, lambda: "done", lease=3).return_value == "done"


def test_an_outcome_whose_time_is_over_by_then_is_not(connect: Connect, proxy: Proxy) -> None:
    results = connect(proxy.address)
    proxy.refuse("FinishAttempt", StatusCode.UNAVAILABLE, asking(60))
    with pytest.raises(TaskResultsError, match="a proxy"):
        run(results, lambda: "done", lease=3)


def test_an_outcome_whose_answer_is_lost_is_told_again_within_the_lease(connect: Connect, proxy: Proxy) -> None:
    results = connect(proxy.address, timeout=math.inf)
    proxy.lose_answer("FinishAttempt")
    assert run(results, lambda: "done", lease=2).return_value == "done"
