"""How much of a result to read."""

from enum import Enum


class TaskResultView(str, Enum):
    #: Everything.
    FULL = "FULL"
    #: Everything but args, kwargs, the return value and the tracebacks of errors.
    BASIC = "BASIC"
