"""Which state of a result."""

from __future__ import annotations

from typing import NamedTuple


class TaskResultVersion(NamedTuple):
    """Identifies one state of a result. Versions of one id can be compared: the newer one is greater."""

    #: Which creation under this id: a result that is deleted and created anew has a higher one.
    incarnation: int
    #: Grows at every change, and begins again when the result is created anew.
    revision: int


#: The version of a result of which nothing is known.
NO_VERSION = TaskResultVersion(0, 0)
