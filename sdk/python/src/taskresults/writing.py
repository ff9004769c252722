"""Writing results: scripts of what enqueuers and workers report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from taskresults import json_text
from taskresults.convert import not_empty, to_duration, to_wire_error, to_wire_task, to_wire_version
from taskresults.errors import InvalidField, StaleAttempt
from taskresults.reading import Handle, MakeHandle, get
from taskresults.repeating import call, report
from taskresults.seconds import finite
from taskresults.status import TaskResultStatus
from taskresults.steps import Script
from taskresults.task import Task
from taskresults.task_error import TaskError
from taskresults.task_result_state import TaskResultState
from taskresults.uuid7 import uuid7
from taskresults.v1 import task_lifecycle_service_pb2 as lifecycle
from taskresults.v1 import task_result_pb2 as pb
from taskresults.version import NO_VERSION, TaskResultVersion
from taskresults.view import TaskResultView

# What servers take when nothing is said.
_DEFAULT_MAX_ATTEMPTS = 100


class StartedAttempt(NamedTuple):
    """What a worker got that has started an attempt."""

    #: The number of the attempt, counted from 1. Every further call about the attempt needs it.
    attempt: int
    #: The state after the start. Every further call about the attempt needs its incarnation, too.
    state: TaskResultState


def create(
    make: MakeHandle[Handle],
    task: Task | str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    id: str | None,
    backend: str,
    metadata: Mapping[str, str] | None,
    max_attempts: int | None,
    timeout: float,
) -> Script[Handle]:
    request = lifecycle.CreateTaskResultRequest(
        id=uuid7() if id is None else not_empty("id", id),
        task=to_wire_task(Task(task) if isinstance(task, str) else task),
        args_json=json_text.encode(args),
        kwargs_json=json_text.encode(kwargs or {}),
        backend=backend,
        metadata=metadata,
        attempt_policy=None if max_attempts is None else _attempt_policy(max_attempts),
    )
    response: lifecycle.CreateTaskResultResponse = yield from call("CreateTaskResult", request, timeout)
    if response.state.revision > 1:
        # Created before, and something has become of it since.
        return (yield from get(make, request.id, None, TaskResultView.FULL, timeout))
    return make(_as_created(request, response.state))


def _attempt_policy(max_attempts: int) -> pb.AttemptPolicy:
    """Servers take 0 for none at all, which is not what the caller has said."""
    if max_attempts == 0:
        raise InvalidField("attempt_policy.max_attempts: must be at least 1", fields=["attempt_policy.max_attempts"])
    return pb.AttemptPolicy(max_attempts=max_attempts)


def start_attempt(
    id: str, worker_id: str, lease: float | None, force: bool, request_id: str | None, timeout: float
) -> Script[StartedAttempt]:
    lease = finite(lease)
    request = lifecycle.StartAttemptRequest(
        id=id,
        worker_id=worker_id,
        lease=None if lease is None else to_duration("lease", lease),
        force=force,
        request_id=str(uuid4()) if request_id is None else not_empty("request_id", request_id),
    )
    response: lifecycle.StartAttemptResponse = yield from call("StartAttempt", request, timeout)
    state = TaskResultState.from_message(response.state)
    if state.status is not TaskResultStatus.RUNNING or state.attempts != response.attempt:
        # The repetition of a call that was answered long ago.
        raise StaleAttempt(f'attempt {response.attempt} of task result "{id}" is over')
    return StartedAttempt(response.attempt, state)


def renew_lease(id: str, attempt: int, lease: float, incarnation: int, timeout: float) -> Script[TaskResultState]:
    return (yield from _transition("RenewLease", _renewal(id, attempt, lease, incarnation), timeout))


def keep_lease(id: str, attempt: int, lease: float, incarnation: int, timeout: float) -> Script[None]:
    """Renews the lease. Does not give up before the time is over, unless the attempt is lost."""
    yield from report("RenewLease", _renewal(id, attempt, lease, incarnation), timeout, timeout)


def _renewal(id: str, attempt: int, lease: float, incarnation: int) -> lifecycle.RenewLeaseRequest:
    return lifecycle.RenewLeaseRequest(
        id=id, incarnation=incarnation, attempt=attempt, lease=to_duration("lease", lease)
    )


def succeed(id: str, attempt: int, return_value: Any, incarnation: int, timeout: float) -> Script[TaskResultState]:
    return (yield from _transition("FinishAttempt", succeeded(id, attempt, return_value, incarnation), timeout))


def fail(
    id: str, attempt: int, error: BaseException | TaskError, retry: bool, incarnation: int, timeout: float
) -> Script[TaskResultState]:
    return (yield from _transition("FinishAttempt", failed(id, attempt, error, retry, incarnation), timeout))


def finish(request: lifecycle.FinishAttemptRequest, timeout: float, patience: float) -> Script[TaskResultState]:
    """Reports how an attempt ended. Does not give up before `patience` seconds are over."""
    response: lifecycle.FinishAttemptResponse = yield from report("FinishAttempt", request, timeout, patience)
    return TaskResultState.from_message(response.state)


def succeeded(id: str, attempt: int, return_value: Any, incarnation: int) -> lifecycle.FinishAttemptRequest:
    outcome = lifecycle.FinishAttemptRequest.Succeeded(return_value_json=json_text.encode(return_value))
    return lifecycle.FinishAttemptRequest(id=id, incarnation=incarnation, attempt=attempt, succeeded=outcome)


def failed(
    id: str, attempt: int, error: BaseException | TaskError, retry: bool, incarnation: int
) -> lifecycle.FinishAttemptRequest:
    outcome = lifecycle.FinishAttemptRequest.Failed(error=to_wire_error(error), retry=retry)
    return lifecycle.FinishAttemptRequest(id=id, incarnation=incarnation, attempt=attempt, failed=outcome)


def fail_task(id: str, error: BaseException | TaskError | None, timeout: float) -> Script[TaskResultState]:
    request = lifecycle.FailTaskResultRequest(id=id, error=None if error is None else to_wire_error(error))
    return (yield from _transition("FailTaskResult", request, timeout))


def delete(id: str, version: TaskResultVersion | None, allow_missing: bool, timeout: float) -> Script[None]:
    if version == NO_VERSION:
        raise InvalidField("version: 0, 0 is none, and would mean any", fields=["version"])
    request = lifecycle.DeleteTaskResultRequest(
        id=id, version=None if version is None else to_wire_version(version), allow_missing=allow_missing
    )
    yield from call("DeleteTaskResult", request, timeout, repeatable=allow_missing)


def _transition(
    method: str,
    request: lifecycle.RenewLeaseRequest | lifecycle.FinishAttemptRequest | lifecycle.FailTaskResultRequest,
    timeout: float,
) -> Script[TaskResultState]:
    response = yield from call(method, request, timeout)
    return TaskResultState.from_message(response.state)


def _as_created(request: lifecycle.CreateTaskResultRequest, state: lifecycle.TaskResultState) -> pb.TaskResult:
    """What a get would return."""
    return pb.TaskResult(
        id=state.id,
        task=request.task,
        status=state.status,
        enqueued_at=state.enqueued_at,
        args_json=request.args_json,
        kwargs_json=request.kwargs_json,
        backend=request.backend,
        metadata=request.metadata,
        attempt_policy=pb.AttemptPolicy(
            max_attempts=request.attempt_policy.max_attempts or _DEFAULT_MAX_ATTEMPTS,
        ),
        revision=state.revision,
        incarnation=state.incarnation,
    )
