"""Times that callers give, in seconds: any that is a number, zero and infinity included."""

from __future__ import annotations

import math

from taskresults.errors import InvalidField

#: Time of one call. Servers and gRPC libraries count milliseconds in 32 bits: beyond 24.8 days some fail at once.
MAX_CALL_SECONDS = 24 * 24 * 60 * 60

#: Between the heartbeats of a watch, as the server takes it.
MIN_HEARTBEAT_SECONDS = 1
MAX_HEARTBEAT_SECONDS = 60


def checked(field: str, seconds: float, least: float = -math.inf, most: float = math.inf) -> float:
    """Returns the time itself. Refuses what is no time, or lies outside the bounds."""
    if math.isnan(seconds) or not least <= seconds <= most:
        bounds = "be a number" if least == -math.inf else f"be {least:g} to {most:g}"
        raise InvalidField(f"{field}: must {bounds} of seconds", fields=[field])
    return seconds


def finite(seconds: float | None) -> float | None:
    """None for a time without end."""
    return None if seconds == math.inf else seconds
