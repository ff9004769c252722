"""What the members of a request mean to the SDK. A member that is left out takes the SDK's default."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from answers import Raised

from taskresults import Task, TaskError, TaskResultStatus, TaskResultVersion, TaskResultView

Members = dict[str, Any]


def connect(members: Members) -> Members:
    options = picked(members, "token")
    if "timeout_ms" in members:
        options["timeout"] = members["timeout_ms"] / 1000
    return options


def task(members: Members) -> Task:
    options = picked(members, "priority", "queue_name", "takes_context")
    if members.get("run_after"):
        options["run_after"] = datetime.strptime(members["run_after"], "%Y-%m-%dT%H:%M:%S.%f%z")
    return Task(members["path"], **options)


def create(members: Members) -> Members:
    options = picked(members, "id", "backend", "metadata", "max_attempts")
    for name in ("args", "kwargs"):
        if f"{name}_json" in members:
            options[name] = value(members[f"{name}_json"])
    return options


def filter(members: Members) -> Members:
    options = picked(members, "queue_name", "backend", "worker_id", "metadata", "page_size")
    if "path" in members:
        options["task_path"] = members["path"]
    if "statuses" in members:
        options["statuses"] = [TaskResultStatus(status) for status in members["statuses"]]
    return options


def get(members: Members) -> Members:
    options: Members = {}
    if "path" in members:
        options["task_path"] = members["path"]
    if "view" in members:
        options["view"] = TaskResultView(members["view"])
    return options


def start(members: Members) -> Members:
    options = picked(members, "worker_id", "force", "request_id")
    if "lease_ms" in members:
        options["lease"] = members["lease_ms"] / 1000
    return options


def run(members: Members) -> Members:
    options = picked(members, "worker_id", "id")
    if "args_json" in members:
        options["args"] = value(members["args_json"])
    if "lease_ms" in members:
        options["lease"] = members["lease_ms"] / 1000
    if "retry" in members:
        options["retry"] = _broken if members["retry"] == "raises" else Raised
    return options


def _broken(error: BaseException) -> bool:
    raise RuntimeError("the predicate is broken")


def delete(members: Members) -> Members:
    options = picked(members, "allow_missing")
    if "incarnation" in members or "revision" in members:
        options["version"] = TaskResultVersion(members.get("incarnation", 0), members.get("revision", 0))
    return options


def error(members: Members) -> TaskError | None:
    return TaskError(**members["error"]) if "error" in members else None


def outcome(members: Members) -> Callable[[], Any]:
    """What the function of a run does at its end."""

    def finish() -> Any:
        if "raises" in members:
            raise Raised(members["raises"])
        if "raises_bytes" in members:
            raise Raised("x" * members["raises_bytes"])
        if "returns_bytes" in members:
            return "x" * members["returns_bytes"]
        if "returns_nan" in members:
            return float("nan")
        return value(members["returns_json"])

    return finish


def picked(members: Members, *names: str) -> Members:
    return {name: members[name] for name in names if name in members}


def value(text: str) -> Any:
    return json.loads(text)
