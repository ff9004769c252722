"""An attempt as an asynchronous context manager."""

from __future__ import annotations

import asyncio
import sys
from types import TracebackType

from taskresults.attempt import Attempt, RetryOn
from taskresults.steps import Player


class AsyncAttempt(Attempt):
    """Starts the attempt, renews its lease while the block runs, and reports how the block ended.

    At its end it reports `return_value`, or the exception, which is passed on. When the attempt is lost, the block is
    cancelled where it awaits, and the loss is raised.
    """

    def __init__(self, player: Player, id: str, worker_id: str, lease: float, force: bool, retry_on: RetryOn) -> None:
        super().__init__(player, id, worker_id, lease, force, retry_on)
        self._over = False
        self._cut_off = False

    async def __aenter__(self) -> AsyncAttempt:
        await self._player.aplay(self._start())
        block = asyncio.current_task()
        assert block is not None
        self._block = block
        self._renewals = asyncio.create_task(self._keep_lease(), name=f"taskresults-lease-{self.id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over = True
        self._renewals.cancel()
        await asyncio.wait([self._renewals])
        if self._cut_off and sys.version_info >= (3, 11):
            self._block.uncancel()
        await self._player.aplay(self._report(error))

    async def _keep_lease(self) -> None:
        while not self.is_lost:
            await asyncio.sleep(self._renewal_interval)
            await self._player.aplay(self._renew())
        if not self._over:
            self._cut_off = True
            self._block.cancel()
