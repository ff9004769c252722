"""Scripts alone: what no server can be made to do. And a script of the test's own: a stream that goes silent."""

from typing import cast

import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status
from grpc import StatusCode
from grpc.aio import AioRpcError, Metadata
from support.server import Server

from taskresults import (
    AsyncTaskResults,
    InvalidField,
    StoreUnavailable,
    TaskNotFinished,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResults,
    TaskResultsError,
    TaskResultStatus,
    TaskResultVersion,
)
from taskresults.following import wait, watch
from taskresults.refusal import refusal
from taskresults.repeating import call
from taskresults.steps import Call, Done, Emit, Open, Pause, Read, Script, advance
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1.task_lifecycle_service_pb2 import RenewLeaseResponse, TaskResultState
from taskresults.v1.task_result_service_pb2 import (
    GetTaskResultRequest,
    KnownTaskResult,
    WaitTaskResultResponse,
    WatchTaskResultsRequest,
    WatchTaskResultsResponse,
)
from taskresults.version import NO_VERSION
from taskresults.writing import renew_lease


class Stream:
    def cancel(self) -> None:
        pass


def snapshot(revision: int, status: pb.TaskResultStatus.ValueType, incarnation: int = 2) -> WatchTaskResultsResponse:
    result = pb.TaskResult(id="x", incarnation=incarnation, revision=revision, status=status)
    return WatchTaskResultsResponse(snapshot=result)


def test_a_watch_never_goes_back() -> None:
    script = watch(lambda result: result.revision, "x", NO_VERSION, heartbeat=2)
    assert isinstance(advance(script), Open)
    stream = Stream()
    assert advance(script, stream) == Read(stream, timeout=6)
    assert advance(script, snapshot(4, pb.TASK_RESULT_STATUS_RUNNING)) == Emit(4)
    assert isinstance(advance(script), Read)
    assert isinstance(advance(script, snapshot(3, pb.TASK_RESULT_STATUS_READY)), Read), "an older revision"
    older = snapshot(5, pb.TASK_RESULT_STATUS_FAILED, incarnation=1)
    assert isinstance(advance(script, older), Read), "an older incarnation"
    assert isinstance(advance(script, None), Pause), "the stream has ended"

    again = advance(script)
    assert isinstance(again, Open)
    assert again.request.ids.task_results[0].known == pb.TaskResultVersion(incarnation=2, revision=4)
    assert isinstance(advance(script, Stream()), Read)
    assert advance(script, snapshot(5, pb.TASK_RESULT_STATUS_FAILED)) == Emit(5)
    assert isinstance(advance(script), Read)
    assert advance(script, None) == Done(None)


def test_a_watch_and_a_wait_end_with_what_is_created_anew() -> None:
    watching = watch(lambda result: result.revision, "x", TaskResultVersion(2, 4), heartbeat=2)
    advance(watching)
    advance(watching, Stream())
    with pytest.raises(TaskResultDoesNotExist, match="created again"):
        advance(watching, snapshot(4, pb.TASK_RESULT_STATUS_RUNNING, incarnation=3))

    waiting = wait(lambda result: result, "x", timeout=None)
    advance(waiting)
    before = WaitTaskResultResponse(task_result=pb.TaskResult(id="x", incarnation=2), timed_out=True)
    assert isinstance(advance(waiting, before), Pause)
    advance(waiting)
    with pytest.raises(TaskResultDoesNotExist, match="created again"):
        advance(waiting, WaitTaskResultResponse(task_result=pb.TaskResult(id="x", incarnation=3)))


def test_a_wait_never_pauses_beyond_its_end() -> None:
    script = wait(lambda result: result, "x", timeout=0.04)
    assert isinstance(advance(script), Call)
    pause = advance(script, problem=TaskResultsError(code=StatusCode.UNAVAILABLE))
    assert isinstance(pause, Pause)
    assert pause.seconds <= 0.04


def test_a_call_heeds_the_pause_that_the_server_asks_for() -> None:
    script = call("GetTaskResult", GetTaskResultRequest(id="x"), timeout=10)
    advance(script)
    pause = advance(script, problem=refusal(busy(retry_delay=7)))
    assert isinstance(pause, Pause)
    assert pause.seconds == 7
    assert isinstance(advance(script), Call)
    with pytest.raises(StoreUnavailable):  # there would be no time for one more call
        advance(script, problem=refusal(busy(retry_delay=11)))


def busy(retry_delay: int) -> AioRpcError:
    status = Status()
    status.details.add().Pack(ErrorInfo(reason="STORE_UNAVAILABLE", domain="taskresults.v1"))
    status.details.add().Pack(RetryInfo(retry_delay=Duration(seconds=retry_delay)))
    trailers = Metadata(("grpc-status-details-bin", status.SerializeToString()))
    return AioRpcError(StatusCode.UNAVAILABLE, Metadata(), trailers, "the store is out of reach")


@pytest.mark.parametrize("number", [0, 99])
def test_a_status_of_a_newer_server_is_not_finished(number: int) -> None:
    status = cast("pb.TaskResultStatus.ValueType", number)
    with TaskResults("127.0.0.1:1") as results:
        handle = TaskResult(results._player, pb.TaskResult(id="x", status=status))
        assert (handle.status, handle.is_finished) == (TaskResultStatus.UNKNOWN, False)
        with pytest.raises(TaskNotFinished):
            _ = handle.return_value
        with pytest.raises(InvalidField):
            results.list(statuses=[handle.status])

    script = watch(lambda result: result.revision, "x", NO_VERSION, heartbeat=2)
    advance(script)
    assert isinstance(advance(script, Stream()), Read)
    assert advance(script, snapshot(4, status)) == Emit(4)
    assert isinstance(advance(script), Read), "it goes on"


def test_a_renewal_outlives_a_status_of_a_newer_server() -> None:
    script = renew_lease("x", 1, 60, 0, 10)
    assert isinstance(advance(script), Call)
    state = TaskResultState(id="x", status=cast("pb.TaskResultStatus.ValueType", 99), attempts=1)
    renewed = advance(script, RenewLeaseResponse(state=state))
    assert isinstance(renewed, Done)
    assert renewed.value.status is TaskResultStatus.UNKNOWN


def listen_too_briefly() -> Script[str]:
    ids = WatchTaskResultsRequest.Ids(task_results=[KnownTaskResult(id="nobody")])
    stream = yield Open(WatchTaskResultsRequest(ids=ids, keep_open=True))
    yield Read(stream, timeout=10)
    try:
        yield Read(stream, timeout=0.2)  # less than any heartbeat
    except TaskResultsError as error:
        return error.reason
    return "the stream was not silent"


def test_a_silent_stream_is_ended(server: Server) -> None:
    with TaskResults(server.address) as results:
        assert results._player.play(listen_too_briefly()) == "CANCELLED"


async def test_a_silent_stream_is_ended_with_asyncio(server: Server) -> None:
    async with AsyncTaskResults(server.address) as results:
        assert await results._player.aplay(listen_too_briefly()) == "CANCELLED"
