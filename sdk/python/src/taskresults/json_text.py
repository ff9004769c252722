"""Values as JSON text and back."""

from __future__ import annotations

import json
import math
from typing import Any

from taskresults.cutting import cut
from taskresults.errors import NotDecodable, NotEncodable
from taskresults.exception_text import text_of

# `sys.set_int_max_str_digits` forbids Python to read and to write longer integers, but never as few as these.
_SAFE_DIGITS = 640
_DIGITS_OF_A_BIT = math.log10(2)
_TEXTS = frozenset({str})
# What an error quotes of a number.
_MAX_NUMBER_BYTES = 100


def encode(value: Any) -> str:
    """The value as compact JSON. Integers keep all their digits; tuples become arrays, as `json` does it."""
    try:
        text = _written(value)
        if "{" in text:
            _refuse_equal_names([value])
    except Exception as error:  # also of methods that belong to the value
        raise NotEncodable(f"cannot be written as JSON: {text_of(error)}") from error
    return escape_surrogates(text)


def decode(text: str) -> Any:
    try:
        try:
            return json.loads(text, parse_float=_read_float, parse_constant=_read_float)
        except ValueError:
            # Perhaps only for an integer that Python by itself finds too long.
            return json.loads(text, parse_int=_read_integer, parse_float=_read_float, parse_constant=_read_float)
    except (ValueError, RecursionError) as error:
        raise NotDecodable(f"cannot be read as JSON: {error}") from error


def escape_surrogates(text: str) -> str:
    """Half a surrogate pair has no UTF-8: it becomes `\\udxxx`, which is how JSON writes it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _written(value: Any) -> str:
    try:
        return _dump(value)
    except ValueError as error:
        try:
            return _written_with_long_integers(value)
        except (ValueError, RecursionError):
            raise error from None


def _dump(value: Any) -> str:
    return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _written_with_long_integers(value: Any) -> str:
    """The same as `_dump`, more slowly, for values with integers that Python by itself finds too long."""
    if isinstance(value, dict):
        members = (f"{_dump(_name(key))}:{_written_with_long_integers(member)}" for key, member in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(_written_with_long_integers, value)) + "]"
    if isinstance(value, int) and not isinstance(value, bool):
        return _write_integer(value)
    return _dump(value)


def _refuse_equal_names(value: Any) -> None:
    """`{1: "a", "1": "b"}` is an object with two members of one name, and parsers keep only one of them."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if not _TEXTS.issuperset(map(type, part)) and len(set(map(_name, part))) < len(part):
                raise ValueError("two keys of a dict have the same text")
            part = part.values()
        left += [inner for inner in part if isinstance(inner, (dict, list, tuple))]


def _name(key: Any) -> str:
    """What `json` makes of the key of a dict."""
    if isinstance(key, str):
        return key
    if isinstance(key, int) and not isinstance(key, bool):
        return _write_integer(key)
    if key is None or isinstance(key, (bool, float)):
        return _dump(key)
    raise TypeError(f"keys must be str, int, float, bool or None, not {type(key).__name__}")


def _write_integer(integer: int) -> str:
    if integer < 0:
        return f"-{_write_integer(-integer)}"
    if integer < 10**_SAFE_DIGITS:
        return str(integer)
    low_digits = int(integer.bit_length() * _DIGITS_OF_A_BIT) // 2
    high, low = divmod(integer, 10**low_digits)
    return _write_integer(high) + _write_integer(low).zfill(low_digits)


def _read_float(text: str) -> float:
    """Refuses what is beyond all floats, which Python by itself reads as infinity."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{cut(text, _MAX_NUMBER_BYTES)} is no float")
    return number


def _read_integer(digits: str) -> int:
    if digits.startswith("-"):
        return -_read_integer(digits[1:])
    if len(digits) <= _SAFE_DIGITS:
        return int(digits)
    low_digits = len(digits) // 2
    scale: int = 10**low_digits
    return _read_integer(digits[:-low_digits]) * scale + _read_integer(digits[-low_digits:])
