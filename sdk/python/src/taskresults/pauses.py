"""Growing pauses between tries."""

from __future__ import annotations

import random
from collections.abc import Iterator

from taskresults.errors import TaskResultsError
from taskresults.retry_rule import tells_limit


class Pauses:
    """Seconds, with jitter: many clients of a server that went away do not come back all at once."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """It worked: the next pause is short again."""
        self._ordinary = _doubling(0.1, 2)
        # What is full does not empty in a moment.
        self._at_limit = _doubling(1, 10)

    def next(self, error: TaskResultsError | None = None) -> float:
        """Before the next try after this error, or the end of a stream: at least what the server asks for."""
        pause = next(self._at_limit if error and tells_limit(error) else self._ordinary)
        return max(pause * random.uniform(0.5, 1), error.retry_delay if error else 0)


def _doubling(first: float, most: float) -> Iterator[float]:
    pause = first
    while True:
        yield pause
        pause = min(2 * pause, most)
