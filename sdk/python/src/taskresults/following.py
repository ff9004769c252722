"""Waiting for results: scripts that outlive a lost link and a restart of the server."""

from __future__ import annotations

import math
import time

from grpc import StatusCode

from taskresults.convert import to_duration, to_status, to_version, to_wire_version
from taskresults.errors import TaskResultDoesNotExist, TaskResultsError, WaitTimedOut
from taskresults.pauses import Pauses
from taskresults.reading import Handle, MakeHandle
from taskresults.retry_rule import StreamRule
from taskresults.seconds import checked
from taskresults.steps import Call, Emit, Open, Pause, Read, Script
from taskresults.v1 import task_result_service_pb2 as reads
from taskresults.version import TaskResultVersion

# One call of a wait lasts this long, so that a dead link is found out.
_LONGEST_POLL = 30.0
# How much later than asked its answer may come.
_GRACE = 1.0
# A stream counts as dead after so many heartbeats that did not come.
_MISSED_HEARTBEATS = 3

_End = reads.WatchTaskResultsResponse.End


def wait(make: MakeHandle[Handle], id: str, timeout: float | None) -> Script[Handle]:
    """The finished result. One that is deleted and created anew meanwhile is another."""
    incarnation = 0
    deadline = math.inf if timeout is None else time.monotonic() + checked("timeout", timeout)
    pauses, rule = Pauses(), StreamRule()
    while True:
        retry_delay = 0.0
        # In whole milliseconds, as the server counts.
        patience = round(max(0.0, min(_LONGEST_POLL, deadline - time.monotonic())), 3)
        request = reads.WaitTaskResultRequest(id=id, timeout=to_duration("timeout", patience))
        try:
            response: reads.WaitTaskResultResponse = yield Call("WaitTaskResult", request, patience + _GRACE)
            found = response.task_result
            if incarnation not in (0, found.incarnation):
                raise _created_again(id)
            incarnation = found.incarnation
            if not response.timed_out:
                return make(found)
            pauses.reset()
            rule.reset()
            pause = pauses.next()
        except TaskResultsError as error:
            # The time of one call is over, and not that of the wait.
            if error.code is not StatusCode.DEADLINE_EXCEEDED and not rule.is_worth_reopening(error):
                raise
            pause, retry_delay = pauses.next(error), error.retry_delay
        left = deadline - time.monotonic()
        if left > 0:
            yield Pause(min(pause, left))
        # The last look is no sooner than the server asks for.
        if left <= retry_delay:
            raise WaitTimedOut(f'task result "{id}" was not finished within {timeout:g} s')


def watch(make: MakeHandle[Handle], id: str, known: TaskResultVersion, heartbeat: float) -> Script[None]:
    """Emits each newer state until it is finished. A result that is deleted and created anew is another."""
    finished = False
    pauses, rule = Pauses(), StreamRule()
    while not finished:
        failure: TaskResultsError | None = None
        try:
            stream = yield Open(_watch_request(id, known, heartbeat))
            try:
                while (event := (yield Read(stream, _MISSED_HEARTBEATS * heartbeat))) is not None:
                    if not event.HasField("end"):
                        pauses.reset()
                        rule.reset()
                    match event.WhichOneof("event"):
                        case "snapshot" if to_version(event.snapshot) > known:
                            if event.snapshot.incarnation > known.incarnation > 0:
                                raise _created_again(id)
                            known = to_version(event.snapshot)
                            finished = to_status(event.snapshot.status).is_final
                            yield Emit(make(event.snapshot))
                        case "deleted" | "not_found":
                            raise TaskResultDoesNotExist(f'task result "{id}" does not exist')
                        case "end":
                            finished |= event.end.reason == _End.REASON_ALL_FINISHED
            finally:
                stream.cancel()
        except TaskResultsError as error:
            if not finished and not rule.is_worth_reopening(error):
                raise
            failure = error
        if not finished:
            yield Pause(pauses.next(failure))


def _created_again(id: str) -> TaskResultDoesNotExist:
    return TaskResultDoesNotExist(f'task result "{id}" was deleted and created again')


def _watch_request(id: str, known: TaskResultVersion, heartbeat: float) -> reads.WatchTaskResultsRequest:
    asked = reads.KnownTaskResult(id=id, known=to_wire_version(known))
    return reads.WatchTaskResultsRequest(
        ids=reads.WatchTaskResultsRequest.Ids(task_results=[asked]),
        heartbeat_interval=to_duration("heartbeat_interval", heartbeat),
    )
