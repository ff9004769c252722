"""Waiting for results: scripts that outlive a lost link and a restart of the server."""

from __future__ import annotations

import math
import time

from taskresults.convert import to_duration, to_status
from taskresults.errors import TaskResultDoesNotExist, TaskResultsError, WaitTimedOut
from taskresults.reading import Handle, MakeHandle
from taskresults.repeating import growing_pauses, is_mendable
from taskresults.seconds import checked
from taskresults.steps import Call, Emit, Open, Pause, Read, Script
from taskresults.v1 import task_result_service_pb2 as reads

# One call of a wait lasts this long, so that a dead link is found out.
_LONGEST_POLL = 30.0
# How much later than asked its answer may come.
_GRACE = 1.0
# A stream counts as dead after so many heartbeats that did not come.
_MISSED_HEARTBEATS = 3

_End = reads.WatchTaskResultsResponse.End


def wait(make: MakeHandle[Handle], id: str, timeout: float | None) -> Script[Handle]:
    """The finished result."""
    deadline = math.inf if timeout is None else time.monotonic() + checked("timeout", timeout)
    pauses = growing_pauses()
    while True:
        # In whole milliseconds, as the server counts.
        patience = round(max(0.0, min(_LONGEST_POLL, deadline - time.monotonic())), 3)
        request = reads.WaitTaskResultRequest(id=id, timeout=to_duration("timeout", patience))
        try:
            response: reads.WaitTaskResultResponse = yield Call("WaitTaskResult", request, patience + _GRACE)
            if not response.timed_out:
                return make(response.task_result)
            pauses = growing_pauses()
            pause = next(pauses)
        except TaskResultsError as error:
            if not is_mendable(error):
                raise
            pause = max(next(pauses), error.retry_delay)
        left = deadline - time.monotonic()
        if left <= 0:
            raise WaitTimedOut(f'task result "{id}" was not finished within {timeout:g} s')
        yield Pause(min(pause, left))


def watch(make: MakeHandle[Handle], id: str, revision: int, heartbeat: float) -> Script[None]:
    """Emits each newer state until it is finished."""
    finished = False
    pauses = growing_pauses()
    while not finished:
        asked = 0.0
        try:
            stream = yield Open(_watch_request(id, revision, heartbeat))
            try:
                while (event := (yield Read(stream, _MISSED_HEARTBEATS * heartbeat))) is not None:
                    match event.WhichOneof("event"):
                        case "snapshot" if event.snapshot.revision > revision:
                            revision = event.snapshot.revision
                            finished = to_status(event.snapshot.status).is_final
                            pauses = growing_pauses()
                            yield Emit(make(event.snapshot))
                        case "snapshot" if to_status(event.snapshot.status).is_final:
                            # Nothing is newer than a finished result: this is another one, made after a delete.
                            raise TaskResultDoesNotExist(f'task result "{id}" was deleted and created again')
                        case "deleted" | "not_found":
                            raise TaskResultDoesNotExist(f'task result "{id}" does not exist')
                        case "end":
                            finished |= event.end.reason == _End.REASON_ALL_FINISHED
            finally:
                stream.cancel()
        except TaskResultsError as error:
            if not finished and not is_mendable(error):
                raise
            asked = error.retry_delay
        if not finished:
            yield Pause(max(next(pauses), asked))


def _watch_request(id: str, revision: int, heartbeat: float) -> reads.WatchTaskResultsRequest:
    known = reads.KnownTaskResult(id=id, known_revision=revision)
    return reads.WatchTaskResultsRequest(
        ids=reads.WatchTaskResultsRequest.Ids(task_results=[known]),
        heartbeat_interval=to_duration("heartbeat_interval", heartbeat),
    )
