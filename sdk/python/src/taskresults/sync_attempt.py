"""An attempt as a context manager."""

from __future__ import annotations

import threading
from types import TracebackType

from taskresults.attempt import Attempt, RetryOn
from taskresults.steps import Player


class SyncAttempt(Attempt):
    """Starts the attempt, renews its lease in a thread while the block runs, and reports how the block ended.

    At its end it reports `return_value`, or the exception, which is passed on. An attempt that was lost raises its
    loss. Nothing can stop the block before that: long work asks `is_lost`, or calls `check()`, now and then.
    """

    def __init__(self, player: Player, id: str, worker_id: str, lease: float, force: bool, retry_on: RetryOn) -> None:
        super().__init__(player, id, worker_id, lease, force, retry_on)
        self._over = threading.Event()
        self._renewals = threading.Thread(target=self._keep_lease, name=f"taskresults-lease-{self.id}", daemon=True)

    def __enter__(self) -> SyncAttempt:
        self._player.play(self._start())
        self._renewals.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        try:
            self._player.play(self._report(error))
        finally:
            self._renewals.join()

    def _keep_lease(self) -> None:
        while not self._over.wait(self._renewal_interval) and not self.is_lost:
            self._player.play(self._renew())
