"""What an exception says of itself, whatever its class does."""

from __future__ import annotations


def class_path(kind: type[BaseException]) -> str:
    """Where the class is found: `builtins.ValueError`."""
    try:
        return f"{kind.__module__}.{kind.__qualname__}"
    except Exception:  # raised by its metaclass
        return type.__repr__(kind)


def text_of(exception: BaseException) -> str:
    """Its own text."""
    try:
        return exact(str(exception))
    except Exception as error:
        return f"<str() raised {class_path(type(error))}>"


def exact(text: str) -> str:
    """The text without the methods of a class of its own, which `str` leaves as it is."""
    return str.__str__(text)
