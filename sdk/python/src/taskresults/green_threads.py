"""gevent: gRPC waits in C, where no other greenlet can run, unless it has been told of gevent."""

from __future__ import annotations

import sys
from importlib import import_module


def is_patched() -> bool:
    """Whether gevent stands in for threads or sockets."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and any(monkey.is_module_patched(name) for name in ("threading", "socket"))


def tell_grpc() -> None:
    """Must come before the channels that are to know it. May be repeated."""
    if is_patched():
        import_module("grpc.experimental.gevent").init_gevent()
