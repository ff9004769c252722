"""How handles, states and errors are written."""

import json
from datetime import datetime
from typing import Any

from taskresults import NotInView, StartedAttempt, TaskResult, TaskResultsError, TaskResultState


class Raised(Exception):
    """What a scenario has `run` raise."""


def to_error(error: Exception) -> dict[str, str]:
    if isinstance(error, TaskResultsError):
        return {"reason": error.reason, "message": str(error)}
    reason = "RAISED" if isinstance(error, Raised) else "DRIVER"
    return {"reason": reason, "message": f"{error}" if reason == "RAISED" else repr(error)}


def to_state(state: TaskResultState) -> dict[str, Any]:
    return {"status": state.status, "incarnation": state.incarnation, "revision": state.revision}


def to_started(started: StartedAttempt) -> dict[str, Any]:
    return {"attempt": started.attempt, **to_state(started.state)}


def to_handle(result: TaskResult) -> dict[str, Any]:
    task = result.task
    return {
        "id": result.id,
        "status": result.status,
        "backend": result.backend,
        "incarnation": result.incarnation,
        "revision": result.revision,
        "metadata": result.metadata,
        "task": {
            "path": task.path,
            "priority": task.priority,
            "queue_name": task.queue_name,
            "run_after": to_time(task.run_after),
            "takes_context": task.takes_context,
        },
        "enqueued_at": to_time(result.enqueued_at),
        "started_at": to_time(result.started_at),
        "last_attempted_at": to_time(result.last_attempted_at),
        "finished_at": to_time(result.finished_at),
        "expires_at": to_time(result.expires_at),
        **_arguments(result),
        "stored": {
            "args_json": result.args_json,
            "kwargs_json": result.kwargs_json,
            "return_value_json": result.return_value_json,
        },
        "errors": [
            {
                "exception_class_path": error.exception_class_path,
                "message": error.message,
                "traceback": error.traceback,
                "attempt": error.attempt,
                "worker_id": error.worker_id,
                "raised_at": to_time(error.raised_at),
            }
            for error in result.errors
        ],
        "worker_ids": result.worker_ids,
        "is_finished": result.is_finished,
        "attempts": result.attempts,
        "error_count": result.error_count,
        "max_attempts": result.max_attempts,
        "return_value": _return_value(result),
    }


def to_time(time: datetime | None) -> str | None:
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _arguments(result: TaskResult) -> dict[str, str | None]:
    try:
        return {"args_json": json.dumps(result.args), "kwargs_json": json.dumps(result.kwargs)}
    except NotInView:
        return {"args_json": None, "kwargs_json": None}


def _return_value(result: TaskResult) -> dict[str, Any]:
    try:
        return {"value_json": json.dumps(result.return_value)}
    except TaskResultsError as error:
        return {"error": to_error(error)}
