"""Texts of errors are cut rather than refused, as the server does it: a failure must not get lost."""

from __future__ import annotations

# For the marker, which counts as part of the text here, so that the server does not cut it again.
_MARKER_ROOM = 48


def cut(text: str, max_bytes: int) -> str:
    """The text, or its beginning and how many bytes of UTF-8 are gone."""
    if 4 * len(text) <= max_bytes:
        return text
    encoded = text.encode()
    if len(encoded) <= max_bytes:
        return text
    kept = encoded[: max_bytes - _MARKER_ROOM].decode("utf-8", "ignore")  # whole code points
    return f"{kept}\n[cut: {len(encoded) - len(kept.encode())} more bytes]"
