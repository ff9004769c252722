"""An attempt as a context manager."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

from taskresults.attempt import Attempt, AttemptOptions
from taskresults.errors import TaskResultsError
from taskresults.steps import Player


class SyncAttempt(Attempt):
    """Starts the attempt, renews its lease in a thread while the block runs, and reports how the block ended.

    At its end it reports `return_value`, or the exception, which is passed on. An attempt that was lost raises its
    loss. Nothing can stop the block before that: long work asks `is_lost`, or calls `check()`, now and then.
    """

    def __init__(self, player: Player, id: str, options: AttemptOptions, expected: int = 0) -> None:
        super().__init__(player, id, options, expected)
        self._has_begun = threading.Event()
        self._is_over = threading.Event()
        self._renewals = threading.Thread(target=self._keep_lease, name=f"taskresults-lease-{self.id}", daemon=True)

    def __enter__(self) -> SyncAttempt:
        # The thread comes first: where none can be had, nothing has been started that would be left alone.
        self._renewals.start()
        try:
            self._player.play(self._start())
            self._has_begun.set()
        except BaseException as error:
            self._is_over.set()
            self._has_begun.set()
            if not isinstance(error, Exception):
                # A signal. The next one ends this.
                self._player.play(self._give_back(error))
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._player.play(self._report(error))
        except Exception:
            raise
        except BaseException:
            # A signal. The outcome is reported all the same, before that goes on its way; the next signal ends this.
            self._hurry()
            with suppress(TaskResultsError):
                self._player.play(self._report(error))
            raise
        finally:
            self._is_over.set()
            self._renewals.join()

    def _keep_lease(self) -> None:
        self._has_begun.wait()
        while self._lease is not None and not self._is_over.wait(self._seconds_to_renewal):
            if not self._player.play(self._renew()):
                break
