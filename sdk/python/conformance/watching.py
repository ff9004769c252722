"""A watch whose states are collected."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from answers import to_handle

from taskresults import TaskResult, TaskResultsError

_MAX_SECONDS = 30


class Watching:
    def __init__(self, states: AsyncIterator[TaskResult]) -> None:
        self._seen: list[TaskResult] = []
        self._end: str | None = None
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._collect(states))

    async def until(self, until: int | str) -> dict[str, Any]:
        async with self._news:
            with contextlib.suppress(asyncio.TimeoutError):  # what was seen by then is the answer
                await asyncio.wait_for(self._news.wait_for(lambda: self._has(until)), _MAX_SECONDS)
        return {
            "revisions": [state.revision for state in self._seen],
            "end": self._end,
            "last": to_handle(self._seen[-1]) if self._seen else None,
        }

    def _has(self, until: int | str) -> bool:
        if isinstance(until, int):
            return self._end is not None or any(state.revision >= until for state in self._seen)
        return self._end is not None

    async def _collect(self, states: AsyncIterator[TaskResult]) -> None:
        end = "finished"
        try:
            async for state in states:
                self._seen.append(state)
                await self._tell()
        except TaskResultsError as error:
            end = error.reason
        self._end = end
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
