"""What a fork leaves of gRPC: its threads and connections stay with the parent, and the child must not touch them.

What a child can do depends on the environment variable GRPC_ENABLE_FORK_SUPPORT, as gRPC read it: the README has the
table, and tests/test_forking.py measures it.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any, Literal

from taskresults.errors import ClientForked

Kind = Literal["blocking", "asyncio"]

_SETTING = os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "").lower()
_IS_ON = _SETTING in ("1", "true", "yes")
_IS_OFF = _SETTING in ("0", "f", "false", "n", "no")

ADVICE = "make clients after the fork, such as in post_fork of gunicorn or worker_process_init of Celery"

# How long a fork waits for gRPC's threads. They need less than a millisecond to come to rest.
_REST_SECONDS = 0.02

#: Held by whoever calls into gRPC, and during a fork: with fork support on, the child would hang if a thread of the
#: parent were in there. Nobody waits for an answer with it.
calling = threading.RLock()

#: Whether a thread that waits for the answer to a unary call must not do so within gRPC.
waits_outside = _IS_ON

# What gRPC has made in this process.
_made: dict[Kind, weakref.WeakSet[Any]] = {"blocking": weakref.WeakSet(), "asyncio": weakref.WeakSet()}
# Calls and streams of this process.
_under_way: set[object] = set()
# Whether there were any at the newest fork.
_was_busy = False
# What ends those streams of this process that must not be open at a fork.
_cuts: set[Callable[[], object]] = set()
# Why a kind of client cannot be used in this process.
_unusable: dict[Kind, str] = {}
# What parents have made. It is kept for ever, since gRPC may hang when it takes it apart.
_abandoned: list[Any] = []


def check(kind: Kind) -> None:
    """Raises `ClientForked` where gRPC would hang or crash, because of what a parent was doing at the fork."""
    if kind in _unusable:
        raise ClientForked(_unusable[kind])


def made(kind: Kind, thing: Any) -> None:
    """Notes a channel or a stream that gRPC has made in this process. A child leaves it alone."""
    _made[kind].add(thing)
    _watch_forks()


def begin() -> object:
    """A call or a stream is under way from now on, until what is returned is given to `end`."""
    work = object()
    with calling:
        _under_way.add(work)
    return work


def end(work: object) -> None:
    """May be called again."""
    _under_way.discard(work)


def cut_at_forks(cut: Callable[[], object]) -> None:
    """Has a stream cut just before a fork, after which it is opened again."""
    _cuts.add(cut)


def spare(cut: Callable[[], object]) -> None:
    """The stream is over."""
    _cuts.discard(cut)


def hold(lock: threading.Lock) -> None:
    """Has a lock held during forks, or it could stay locked in the child for ever."""
    _at_forks(lock.acquire, lock.release, lock.release)


@functools.cache
def _watch_forks() -> None:
    # Only once gRPC has hooks of its own: so this lock is taken before they stop gRPC's threads.
    _at_forks(_come_to_rest, calling.release, _start_in_child)


def _at_forks(before: Callable[[], object], in_parent: Callable[[], object], in_child: Callable[[], object]) -> None:
    if hasattr(os, "register_at_fork"):  # Windows has no forks
        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)


def _come_to_rest() -> None:
    """Nothing new is begun, and gRPC's threads go to sleep: what they hold at the fork, the child would trip over."""
    global _was_busy
    calling.acquire()
    _was_busy = bool(_under_way)
    if not _IS_OFF:
        for cut in _cuts.copy():
            cut()
    # Also beside idle channels: gRPC may still be taking apart one that was closed just now.
    time.sleep(_REST_SECONDS)


def _start_in_child() -> None:
    had_asyncio = bool(_made["asyncio"])
    for things in _made.values():
        _abandoned.extend(things)
        things.clear()
    _under_way.clear()
    _cuts.clear()
    if _IS_OFF:
        _rule_out(
            "gRPC was in use at the fork, and GRPC_ENABLE_FORK_SUPPORT turns off what it needs for that: unset it"
        )
    elif had_asyncio and (_IS_ON or _was_busy):
        _rule_out("a client for asyncio was in use at the fork")
    elif _was_busy and not _IS_ON:
        _rule_out("calls were under way at the fork: set GRPC_ENABLE_FORK_SUPPORT=1 before gRPC is imported")
    elif had_asyncio:
        _rule_out("a client for asyncio was open at the fork", "asyncio")
    calling.release()


def _rule_out(reason: str, *kinds: Kind) -> None:
    for kind in kinds or _made:
        _unusable.setdefault(kind, f"gRPC cannot be used in this process: {reason}, or {ADVICE}")
