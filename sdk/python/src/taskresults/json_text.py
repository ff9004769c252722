"""Values as JSON text and back."""

from __future__ import annotations

import json
from typing import Any

from taskresults.errors import NotEncodable


def encode(value: Any) -> str:
    """The value as compact JSON. Integers keep all their digits; tuples become arrays, as `json` does it."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise NotEncodable(f"cannot be written as JSON: {error}") from error
    return escape_surrogates(text)


def decode(text: str) -> Any:
    return json.loads(text)


def escape_surrogates(text: str) -> str:
    """Half a surrogate pair has no UTF-8: it becomes `\\udxxx`, which is how JSON writes it."""
    return text.encode("utf-8", "backslashreplace").decode()
