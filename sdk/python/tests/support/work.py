"""Running functions as tasks, on clients of either kind."""

from collections.abc import Callable
from typing import Any

from support.blocking import Blocking
from taskresults import TaskResult


def task_function(results: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as the client wants it."""

    async def asynchronous(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return asynchronous if isinstance(results, Blocking) else function


def run(results: Any, function: Callable[..., Any], task: Any = "app.tasks.run", **options: Any) -> TaskResult:
    result: TaskResult = results.run(task, task_function(results, function), worker_id="w1", **options)
    return result
