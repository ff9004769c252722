"""What was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Task:
    """The identity of a task and how it was enqueued. The service stores it; it neither queues nor schedules."""

    #: The identity of the task, usually where its code is found: `app.tasks.send_mail`. 1 to 255 characters.
    path: str
    #: -100 to 100, higher is more urgent.
    priority: int = 0
    #: Name of the queue.
    queue_name: str = "default"
    #: The task must not run before this time, which must have a time zone. None: it may run at once.
    run_after: datetime | None = None
    #: The task takes a context as its first argument. `run` passes the attempt.
    takes_context: bool = False
