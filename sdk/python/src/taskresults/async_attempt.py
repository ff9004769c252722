"""An attempt as an asynchronous context manager."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from types import TracebackType

from taskresults.attempt import Attempt, AttemptOptions
from taskresults.errors import TaskResultsError
from taskresults.steps import Player


class AsyncAttempt(Attempt):
    """Starts the attempt, renews its lease while the block runs, and reports how the block ended.

    At its end it reports `return_value`, or the exception, which is passed on. When the attempt is lost, the block is
    cancelled where it awaits, and the loss is raised.
    """

    def __init__(self, player: Player, id: str, options: AttemptOptions, expected: int = 0) -> None:
        super().__init__(player, id, options, expected)
        self._is_cut_off = False
        self._cancellations_before = 0

    async def __aenter__(self) -> AsyncAttempt:
        await asyncio.sleep(0)  # a caller that has been cancelled already starts nothing
        try:
            await self._player.aplay(self._start())
        except asyncio.CancelledError as cancelled:
            # The next cancellation ends this.
            await self._player.aplay(self._give_back(cancelled))
            raise
        block = asyncio.current_task()
        assert block is not None
        self._block = block
        if sys.version_info >= (3, 11):
            self._cancellations_before = block.cancelling()
        self._renewals = asyncio.create_task(self._keep_lease(), name=f"taskresults-lease-{self.id}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_cut_off and sys.version_info >= (3, 11):
            self._block.uncancel()
        try:
            await self._player.aplay(self._report(error))
        except asyncio.CancelledError:
            # The outcome is reported all the same, before that goes on its way; the next cancellation ends this.
            self._hurry()
            with suppress(TaskResultsError):
                await self._player.aplay(self._report(error))
            raise
        finally:
            self._renewals.cancel()

    def _ends_worker(self, error: BaseException) -> bool:
        if isinstance(error, asyncio.CancelledError):
            return self._is_cancelled
        return super()._ends_worker(error)

    @property
    def _is_cancelled(self) -> bool:
        """Whether somebody else has cancelled the task of the block, rather than something that it awaited."""
        if sys.version_info >= (3, 11):
            return self._block.cancelling() > self._cancellations_before
        return not self._is_cut_off  # Python 3.10 does not say which

    async def _keep_lease(self) -> None:
        while self._lease is not None:
            await asyncio.sleep(self._seconds_to_renewal)
            if not await self._player.aplay(self._renew()):
                break
        if self.is_lost:
            self._is_cut_off = True
            self._block.cancel()
