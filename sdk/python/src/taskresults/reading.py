"""Reading results: scripts of the calls that are answered at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar

from taskresults.convert import not_empty, to_timestamp, to_wire_status, to_wire_version, to_wire_view
from taskresults.repeating import call
from taskresults.snapshot import Snapshot
from taskresults.status import TaskResultStatus
from taskresults.steps import Emit, Script
from taskresults.v1 import task_result_pb2 as pb
from taskresults.v1 import task_result_service_pb2 as reads
from taskresults.view import TaskResultView

Handle = TypeVar("Handle")
MakeHandle = Callable[[pb.TaskResult], Handle]

_MOST_IDS = 1_000


class TimeRange(NamedTuple):
    """A span of time, without a bound on a side that is None. The times must have a time zone."""

    #: The first moment inside.
    start: datetime | None = None
    #: The first moment after it.
    end: datetime | None = None


ALWAYS = TimeRange()


def get(
    make: MakeHandle[Handle], id: str, task_path: str | None, view: TaskResultView, timeout: float
) -> Script[Handle]:
    expected = "" if task_path is None else not_empty("expected_task_path", task_path)
    request = reads.GetTaskResultRequest(id=id, expected_task_path=expected, view=to_wire_view(view))
    response: reads.GetTaskResultResponse = yield from call("GetTaskResult", request, timeout)
    return make(response.task_result)


def get_many(
    make: MakeHandle[Handle], ids: Iterable[str], view: TaskResultView, timeout: float
) -> Script[tuple[list[Handle], list[str]]]:
    asked = list(dict.fromkeys(ids))
    left = iter(asked)
    found: dict[str, Handle] = {}
    deferred: list[str] = []
    while batch := [*deferred, *islice(left, _MOST_IDS - len(deferred))]:
        request = reads.BatchGetTaskResultsRequest(ids=batch, view=to_wire_view(view))
        response: reads.BatchGetTaskResultsResponse = yield from call("BatchGetTaskResults", request, timeout)
        found.update((result.id, make(result)) for result in response.task_results)
        deferred = list(response.deferred_ids)
    return [found[id] for id in asked if id in found], [id for id in asked if id not in found]


def refresh(known: Snapshot, timeout: float) -> Script[Snapshot | None]:
    """The present state in the view of the known one, or None when it still is that."""
    creation = known.creation
    request = reads.RefreshTaskResultRequest(
        id=creation.id, known=to_wire_version(known.version), view=to_wire_view(creation.view)
    )
    response: reads.RefreshTaskResultResponse = yield from call("RefreshTaskResult", request, timeout)
    match response.WhichOneof("outcome"):
        case "changed":
            return known.changed(response.changed)
        case "replaced":
            return Snapshot.from_message(response.replaced)
    return None


def to_filter(
    task_path: str | None,
    statuses: Iterable[TaskResultStatus],
    queue_name: str | None,
    backend: str | None,
    worker_id: str | None,
    enqueued: TimeRange,
    finished: TimeRange,
    metadata: Mapping[str, str] | None,
) -> reads.TaskResultFilter:
    return reads.TaskResultFilter(
        task_path=task_path or "",
        statuses=[to_wire_status(status) for status in statuses],
        queue_name=queue_name or "",
        backend=backend or "",
        worker_id=worker_id or "",
        enqueued=_to_wire_range("enqueued", enqueued),
        finished=_to_wire_range("finished", finished),
        metadata=metadata,
    )


def list_pages(
    make: MakeHandle[Handle],
    filter: reads.TaskResultFilter,
    page_size: int,
    view: TaskResultView,
    timeout: float,
) -> Script[None]:
    """Emits the handles. A page is fetched when the one before it has been used up."""
    token = ""
    while True:
        request = reads.ListTaskResultsRequest(
            filter=filter, page_size=page_size, page_token=token, view=to_wire_view(view)
        )
        response: reads.ListTaskResultsResponse = yield from call("ListTaskResults", request, timeout)
        for result in response.task_results:
            yield Emit(make(result))
        token = response.next_page_token
        if not token:
            return


def _to_wire_range(field: str, range: TimeRange) -> reads.TimeRange | None:
    if range == ALWAYS:
        return None
    return reads.TimeRange(
        start=to_timestamp(f"filter.{field}.start", range.start), end=to_timestamp(f"filter.{field}.end", range.end)
    )
