"""One failed attempt."""

from __future__ import annotations

import pkgutil
import traceback
from dataclasses import dataclass
from datetime import datetime

from taskresults.json_text import escape_surrogates

# The server cuts texts at 256 KiB and less. Beyond this they might not even reach it.
_MOST_CHARACTERS = 512 * 1024


@dataclass(frozen=True, kw_only=True)
class TaskError:
    """What an attempt raised. The last three attributes are set by the server and ignored when it is reported."""

    #: Where the class is found: `builtins.ValueError`. A worker in another language writes its own, `*net.OpError`.
    exception_class_path: str
    #: The error's own text.
    message: str = ""
    #: The traceback, in the worker's own format. Empty in the BASIC view.
    traceback: str = ""
    #: The attempt that failed, counted from 1. 0: the task failed before any attempt.
    attempt: int = 0
    #: The worker of that attempt. Empty before any attempt.
    worker_id: str = ""
    #: When the server learned of it, UTC.
    raised_at: datetime | None = None

    @classmethod
    def from_exception(cls, exception: BaseException) -> TaskError:
        """The class, text and traceback of an exception, with the exceptions that led to it."""
        kind = type(exception)
        formatted = traceback.TracebackException.from_exception(exception)
        return cls(
            exception_class_path=f"{kind.__module__}.{kind.__qualname__}",
            message=_storable(str(formatted)),
            traceback=_storable("".join(formatted.format())),
        )

    @property
    def exception_class(self) -> type[BaseException]:
        """The class itself, which is imported when this is asked for: do so only for results that you trust.

        Raises ValueError for a path that is no exception class, or that cannot be imported (`UnknownExceptionClass`,
        which is an ImportError as well, as in Django).
        """
        try:
            found = pkgutil.resolve_name(self.exception_class_path)
        except (ValueError, ImportError, AttributeError) as error:
            raise UnknownExceptionClass(f"{self.exception_class_path!r} cannot be imported: {error}") from error
        if not (isinstance(found, type) and issubclass(found, BaseException)):
            raise ValueError(f"{self.exception_class_path!r} is no exception class")
        return found


class UnknownExceptionClass(ValueError, ImportError):
    """The class of an error cannot be imported here."""


def _storable(text: str) -> str:
    return escape_surrogates(text[:_MOST_CHARACTERS])
