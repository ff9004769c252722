"""What is worth another try, and the pauses before it. The scenarios hold the same from outside."""

import time
from typing import Any

import pytest
from grpc import StatusCode

from taskresults import (
    ClientClosed,
    InternalError,
    LimitReached,
    ShuttingDown,
    StaleAttempt,
    StoreUnavailable,
    TaskResultsError,
    WaitTimedOut,
)
from taskresults.following import wait, watch
from taskresults.pauses import Pauses
from taskresults.repeating import call
from taskresults.retry_rule import is_worth_repeating
from taskresults.steps import Call, Emit, Open, Pause, Read, Script, advance
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1.task_result_service_pb2 import (
    GetTaskResultRequest,
    WaitTaskResultResponse,
    WatchTaskResultsResponse,
)
from taskresults.version import NO_VERSION

BUG = InternalError(code=StatusCode.INTERNAL)
LOST = TaskResultsError(reason="UNAVAILABLE", code=StatusCode.UNAVAILABLE)
LATE = TaskResultsError(reason="DEADLINE_EXCEEDED", code=StatusCode.DEADLINE_EXCEEDED)


class Stream:
    def cancel(self) -> None:
        pass


def plain(code: StatusCode) -> TaskResultsError:
    return TaskResultsError(reason=code.name, code=code)


CALM = [
    TaskResultsError(text, reason="RESOURCE_EXHAUSTED", code=StatusCode.RESOURCE_EXHAUSTED)
    for text in (
        "Bandwidth exhausted or memory limit exceeded",
        "Stream removed (RST_STREAM (Received RST_STREAM with error code 11))",
        "stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM",
    )
]
NEW_BUG = TaskResultsError(reason="NEW_REASON", code=StatusCode.INTERNAL)


@pytest.mark.parametrize(
    "error",
    [
        *map(plain, [StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED]),
        StoreUnavailable(code=StatusCode.UNAVAILABLE),
        ShuttingDown(code=StatusCode.UNAVAILABLE),
        LimitReached(code=StatusCode.RESOURCE_EXHAUSTED),
        *CALM,
        InternalError(code=StatusCode.UNAVAILABLE),
    ],
    ids=lambda error: f"{type(error).__name__}-{error.code}",
)
def test_what_says_nothing_about_a_call_is_worth_another_try(error: TaskResultsError) -> None:
    assert is_worth_repeating(error)


@pytest.mark.parametrize(
    "error",
    [
        *(
            plain(code)
            for code in StatusCode
            if code not in (StatusCode.UNAVAILABLE, StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.CANCELLED)
        ),
        BUG,
        NEW_BUG,
        TaskResultsError(reason="NEW_REASON", code=StatusCode.UNKNOWN),
        StaleAttempt(code=StatusCode.FAILED_PRECONDITION),
        ClientClosed(code=StatusCode.CANCELLED),
        TaskResultsError("of this side"),
    ],
    ids=lambda error: f"{type(error).__name__}-{error.code}",
)
def test_everything_else_is_not(error: TaskResultsError) -> None:
    assert not is_worth_repeating(error)
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=10)
    advance(script)
    with pytest.raises(type(error)):
        advance(script, problem=error)


def test_a_limit_is_met_again_after_longer_pauses() -> None:
    pauses = Pauses()
    full = LimitReached(code=StatusCode.RESOURCE_EXHAUSTED)
    for most in (1.0, 2, 4, 8, 10, 10):
        assert most / 2 <= pauses.next(full) <= most
    for most in (0.1, 0.2, 0.4, 0.8, 1.6, 2, 2):
        assert most / 2 <= pauses.next(LOST) <= most
    pauses.reset()
    for calm in CALM:
        assert Pauses().next(calm) >= 0.5
    assert pauses.next(full) <= 1
    assert pauses.next(None) <= 0.1


def test_no_pause_is_shorter_than_the_server_asks_for() -> None:
    assert Pauses().next(StoreUnavailable(code=StatusCode.UNAVAILABLE, retry_delay=5)) == 5
    assert Pauses().next(LimitReached(code=StatusCode.RESOURCE_EXHAUSTED, retry_delay=0.1)) >= 0.5


def open_watch(script: Script[None]) -> None:
    assert isinstance(advance(script), Open)
    assert isinstance(advance(script, Stream()), Read)


def test_a_watch_outlives_two_bugs_in_a_row() -> None:
    script = watch(lambda result: result.revision, "x", NO_VERSION, heartbeat=2)
    open_watch(script)
    for problem in (BUG, LOST, NEW_BUG):
        assert isinstance(advance(script, problem=problem), Pause)
        open_watch(script)
    assert isinstance(advance(script, WatchTaskResultsResponse(heartbeat=WatchTaskResultsResponse.Heartbeat())), Read)
    for problem in (BUG, BUG):
        assert isinstance(advance(script, problem=problem), Pause)
        open_watch(script)
    snapshot = pb.TaskResult(id="x", incarnation=1, revision=1)
    assert advance(script, WatchTaskResultsResponse(snapshot=snapshot)) == Emit(1)
    assert isinstance(advance(script), Read)
    for problem in (BUG, BUG):
        assert isinstance(advance(script, problem=problem), Pause)
        open_watch(script)
    with pytest.raises(InternalError):
        advance(script, problem=BUG)


def test_a_wait_outlives_two_bugs_in_a_row() -> None:
    script: Script[Any] = wait(lambda result: result, "x", timeout=None)
    advance(script)
    for problem in (BUG, LATE, BUG):
        assert isinstance(advance(script, problem=problem), Pause)
        assert isinstance(advance(script), Call)
    unfinished = WaitTaskResultResponse(task_result=pb.TaskResult(id="x", incarnation=1), timed_out=True)
    assert isinstance(advance(script, unfinished), Pause)
    assert isinstance(advance(script), Call)
    for problem in (BUG, BUG):
        assert isinstance(advance(script, problem=problem), Pause)
        assert isinstance(advance(script), Call)
    with pytest.raises(InternalError):
        advance(script, problem=BUG)


@pytest.mark.parametrize("code", [StatusCode.ABORTED, StatusCode.RESOURCE_EXHAUSTED, StatusCode.DEADLINE_EXCEEDED])
def test_what_is_final_for_a_call_is_final_for_a_watch(code: StatusCode) -> None:
    script = watch(lambda result: result.revision, "x", NO_VERSION, heartbeat=2)
    open_watch(script)
    with pytest.raises(TaskResultsError):
        advance(script, problem=plain(code))


def paused(step: Any) -> float:
    assert isinstance(step, Pause)
    return step.seconds


def test_a_last_try_is_made_before_the_deadline() -> None:
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=1.5)
    advance(script)
    full = LimitReached(code=StatusCode.RESOURCE_EXHAUSTED)
    assert paused(advance(script, problem=full)) <= 1
    assert isinstance(advance(script), Call)
    assert paused(advance(script, problem=full)) == pytest.approx(1.125, abs=0.1)


@pytest.mark.parametrize("retry_delay", [1.2, 3600])
def test_but_no_sooner_than_the_server_asks_for(retry_delay: float) -> None:
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=1.5)
    advance(script)
    with pytest.raises(StoreUnavailable):
        advance(script, problem=StoreUnavailable(code=StatusCode.UNAVAILABLE, retry_delay=retry_delay))


def test_a_last_try_that_gets_no_answer_hides_no_failure_before_it() -> None:
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=0.2)
    advance(script)
    assert isinstance(advance(script, problem=StoreUnavailable(code=StatusCode.UNAVAILABLE)), Pause)
    assert isinstance(advance(script), Call)
    time.sleep(0.15)
    with pytest.raises(StoreUnavailable):
        advance(script, problem=LATE)


def test_an_answer_that_comes_before_the_deadline_is_what_is_raised() -> None:
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=10)
    advance(script)
    assert isinstance(advance(script, problem=LOST), Pause)
    assert isinstance(advance(script), Call)
    with pytest.raises(TaskResultsError) as raised:
        advance(script, problem=LATE)
    assert raised.value is LATE


def test_a_wait_does_not_ask_before_it_may() -> None:
    script: Script[Any] = wait(lambda result: result, "x", timeout=5)
    advance(script)
    busy = StoreUnavailable(code=StatusCode.UNAVAILABLE, retry_delay=3600)
    assert paused(advance(script, problem=busy)) == pytest.approx(5, abs=1)
    with pytest.raises(WaitTimedOut):
        advance(script)
