"""One failed attempt."""

from __future__ import annotations

import pkgutil
import traceback
from dataclasses import dataclass
from datetime import datetime

from taskresults.exception_text import class_path, exact, text_of


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
        message, formatted = _told(exception)
        return cls(exception_class_path=class_path(type(exception)), message=message, traceback=formatted)

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


def _told(exception: BaseException) -> tuple[str, str]:
    """Its text and traceback: as much as can be had of an exception whose own methods raise."""
    try:
        formatted = traceback.TracebackException.from_exception(exception)
        return exact(str(formatted)), "".join(map(exact, formatted.format()))
    except Exception:
        return text_of(exception), _frames(exception)


def _frames(exception: BaseException) -> str:
    try:
        return "".join(traceback.format_tb(exception.__traceback__))
    except Exception:
        return ""
