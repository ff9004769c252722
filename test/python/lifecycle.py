"""The whole lifecycle of a task result from Python, with nothing but the .proto files.

usage: lifecycle.py ADDRESS FOLDER_OF_PROTO FOLDER_OF_GOOGLEAPIS
"""

import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import grpc
from grpc_tools import protoc

ADDRESS, PROTO, GOOGLEAPIS = sys.argv[1:]
BIG = "[12345678901234567890123, 1.0, \"\\u0000\\ud800\", \"😀\"]"


def make_stubs(folder):
    well_known = Path(protoc.__file__).parent / "_proto"
    files = [*Path(PROTO).rglob("*.proto"), *Path(GOOGLEAPIS).rglob("*.proto")]
    failed = protoc.main(
        ["protoc", f"-I{PROTO}", f"-I{GOOGLEAPIS}", f"-I{well_known}"]
        + [f"--python_out={folder}", f"--grpc_python_out={folder}", *map(str, files)]
    )
    assert not failed, "protoc refuses the contract"
    sys.path.insert(0, folder)


@contextmanager
def refused(code, reason):
    """The block must fail with this code and this ErrorInfo.reason."""
    from google.rpc import error_details_pb2, status_pb2

    try:
        yield
    except grpc.RpcError as error:
        assert error.code() == code, error
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        info = error_details_pb2.ErrorInfo()
        assert status_pb2.Status.FromString(details).details[0].Unpack(info)
        assert (info.reason, info.domain) == (reason, "taskresults.v1"), info
    else:
        raise AssertionError(f"not refused with {reason}")


def lifecycle(channel):
    from google.protobuf.duration_pb2 import Duration
    from taskresults.v1 import task_lifecycle_service_pb2 as lc
    from taskresults.v1 import task_lifecycle_service_pb2_grpc as lc_grpc
    from taskresults.v1 import task_result_pb2 as pb
    from taskresults.v1 import task_result_service_pb2 as rs
    from taskresults.v1 import task_result_service_pb2_grpc as rs_grpc

    writes = lc_grpc.TaskLifecycleServiceStub(channel)
    reads = rs_grpc.TaskResultServiceStub(channel)
    create = lc.CreateTaskResultRequest(
        id="py-1",
        task=pb.Task(path="app.tasks.add", priority=-100, takes_context=True),
        args_json=BIG,
        kwargs_json='{"b": 1, "a": 1.0}',
        metadata={"tenant": "a"},
    )
    boom = pb.TaskError(exception_class_path="builtins.ValueError", message="böom\0", traceback="Traceback 😀")

    state = writes.CreateTaskResult(create).state
    assert (state.id, state.status, state.revision) == ("py-1", pb.TASK_RESULT_STATUS_READY, 1), state
    assert writes.CreateTaskResult(create).state == state
    other = lc.CreateTaskResultRequest(id="py-1", task=pb.Task(path="app.tasks.other"))
    with refused(grpc.StatusCode.ALREADY_EXISTS, "TASK_RESULT_EXISTS"):
        writes.CreateTaskResult(other)

    known = rs.WatchTaskResultsRequest.Ids(task_results=[rs.KnownTaskResult(id="py-1")])
    watch = reads.WatchTaskResults(rs.WatchTaskResultsRequest(ids=known), timeout=120)
    assert next(watch).snapshot.revision == 1

    started = writes.StartAttempt(lc.StartAttemptRequest(id="py-1", worker_id="py", lease=Duration(seconds=60)))
    assert started.attempt == 1
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "ATTEMPT_IN_PROGRESS"):
        writes.StartAttempt(lc.StartAttemptRequest(id="py-1", worker_id="other"))
    writes.RenewLease(lc.RenewLeaseRequest(id="py-1", attempt=1, lease=Duration(seconds=90)))
    failed = lc.FinishAttemptRequest.Failed(error=boom, retry=True)
    state = writes.FinishAttempt(lc.FinishAttemptRequest(id="py-1", attempt=1, failed=failed)).state
    assert state.status == pb.TASK_RESULT_STATUS_READY and not state.HasField("finished_at"), state

    assert writes.StartAttempt(lc.StartAttemptRequest(id="py-1", worker_id="py")).attempt == 2
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "STALE_ATTEMPT"):
        writes.FinishAttempt(lc.FinishAttemptRequest(id="py-1", attempt=1, failed=failed))
    value = lc.FinishAttemptRequest.Succeeded(return_value_json=BIG)
    writes.FinishAttempt(lc.FinishAttemptRequest(id="py-1", attempt=2, succeeded=value))

    result = reads.GetTaskResult(rs.GetTaskResultRequest(id="py-1")).task_result
    assert result.args_json == BIG and result.return_value_json == BIG, result
    assert result.kwargs_json == '{"b": 1, "a": 1.0}' and dict(result.metadata) == {"tenant": "a"}, result
    assert list(result.worker_ids) == ["py", "py"] and result.revision == 5, result
    (error,) = result.errors
    assert (error.message, error.traceback) == (boom.message, boom.traceback), error
    assert (error.attempt, error.worker_id) == (1, "py"), error
    assert result.task.takes_context and result.task.priority == -100 and result.task.queue_name == "default", result
    times = [result.enqueued_at, result.started_at, result.last_attempted_at, result.finished_at]
    nanos = [time.ToNanoseconds() for time in times]
    assert nanos == sorted(nanos) and nanos[0] > 10**18, nanos

    events = list(watch)
    assert watch.code() == grpc.StatusCode.OK
    snapshots = [event.snapshot for event in events if event.WhichOneof("event") == "snapshot"]
    assert snapshots[-1] == result and [s.revision for s in snapshots] == sorted({s.revision for s in snapshots})
    assert events[-1].end.reason == rs.WatchTaskResultsResponse.End.REASON_ALL_FINISHED, events[-1]

    known = pb.TaskResultVersion(incarnation=result.incarnation, revision=5)
    refreshed = reads.RefreshTaskResult(rs.RefreshTaskResultRequest(id="py-1", known=known))
    assert refreshed.WhichOneof("outcome") == "unchanged", refreshed
    of_tenant = rs.TaskResultFilter(metadata={"tenant": "a"})
    listed = reads.ListTaskResults(rs.ListTaskResultsRequest(filter=of_tenant, view=pb.TASK_RESULT_VIEW_FULL))
    assert list(listed.task_results) == [result], listed

    with refused(grpc.StatusCode.NOT_FOUND, "TASK_RESULT_DOES_NOT_EXIST"):
        reads.GetTaskResult(rs.GetTaskResultRequest(id="PY-1"))
    with refused(grpc.StatusCode.FAILED_PRECONDITION, "TASK_RESULT_MISMATCH"):
        reads.GetTaskResult(rs.GetTaskResultRequest(id="py-1", expected_task_path="app.tasks.other"))
    with refused(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"):
        reads.GetTaskResult(rs.GetTaskResultRequest(id="😀" * 65))

    transitions = [
        lc.RecordTransitionsRequest(number=1, create=lc.CreateTaskResultRequest(id="py-2", task=create.task)),
        lc.RecordTransitionsRequest(number=2, delete=lc.DeleteTaskResultRequest(id="nobody")),
    ]
    outcomes = {answer.number: answer for answer in writes.RecordTransitions(iter(transitions))}
    assert outcomes[1].state.id == "py-2" and outcomes[2].error.code == grpc.StatusCode.NOT_FOUND.value[0], outcomes


with tempfile.TemporaryDirectory() as folder:
    make_stubs(folder)
    with grpc.insecure_channel(ADDRESS) as channel:
        lifecycle(channel)
print("the whole lifecycle is done")
