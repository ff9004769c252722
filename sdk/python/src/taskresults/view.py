"""How much of a result to read."""

from enum import Enum


class TaskResultView(str, Enum):
    #: Everything.
    FULL = "FULL"
    #: Everything but args, kwargs, the return value, and all errors and worker ids but the newest; of that error the
    #: traceback and what is long in its message.
    BASIC = "BASIC"
