"""Scripts alone: what no server can be made to do. And a script of the test's own: a stream that goes silent."""

from support.server import Server

from taskresults import AsyncTaskResults, TaskResults, TaskResultsError
from taskresults.following import watch
from taskresults.steps import Done, Emit, Open, Pause, Read, Script, advance
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1.task_result_service_pb2 import (
    KnownTaskResult,
    WatchTaskResultsRequest,
    WatchTaskResultsResponse,
)


class Stream:
    def cancel(self) -> None:
        pass


def snapshot(revision: int, status: pb.TaskResultStatus.ValueType) -> WatchTaskResultsResponse:
    return WatchTaskResultsResponse(snapshot=pb.TaskResult(id="x", revision=revision, status=status))


def test_a_watch_never_goes_back() -> None:
    script = watch(lambda result: result.revision, "x", 0, heartbeat=2)
    assert isinstance(advance(script), Open)
    stream = Stream()
    assert advance(script, stream) == Read(stream, timeout=6)
    assert advance(script, snapshot(4, pb.TASK_RESULT_STATUS_RUNNING)) == Emit(4)
    assert isinstance(advance(script), Read)
    assert isinstance(advance(script, snapshot(3, pb.TASK_RESULT_STATUS_READY)), Read), "an older revision"
    assert isinstance(advance(script, None), Pause), "the stream has ended"

    again = advance(script)
    assert isinstance(again, Open)
    assert again.request.ids.task_results[0].known_revision == 4
    assert isinstance(advance(script, Stream()), Read)
    assert advance(script, snapshot(5, pb.TASK_RESULT_STATUS_FAILED)) == Emit(5)
    assert isinstance(advance(script), Read)
    assert advance(script, None) == Done(None)


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
