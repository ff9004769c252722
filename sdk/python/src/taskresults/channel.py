"""How both clients reach the server."""

from __future__ import annotations

import re
from typing import Any

import grpc

from taskresults.errors import InvalidField
from taskresults.v1.task_lifecycle_service_pb2_grpc import TaskLifecycleServiceStub
from taskresults.v1.task_result_service_pb2_grpc import TaskResultServiceStub

_TOKEN = re.compile("[!-~]+")


def channel_options(heartbeat: float) -> list[tuple[str, int]]:
    """Keepalive: a link that is silent for so many seconds is pinged, and has as long again to answer."""
    milliseconds = round(heartbeat * 1000)
    return [
        # One result may be larger than the 4 MiB that gRPC takes by default: the server limits what it stores.
        ("grpc.max_receive_message_length", -1),
        # A server that comes back is found soon; by default it may take two minutes.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # A dead link is replaced, or a watch that is opened again would be opened on it.
        ("grpc.keepalive_time_ms", milliseconds),
        ("grpc.keepalive_timeout_ms", milliseconds),
        ("grpc.http2.ping_timeout_ms", milliseconds),
        ("grpc.http2.max_pings_without_data", 0),
    ]


def methods(channel: Any) -> dict[str, Any]:
    """All calls of the contract by their names."""
    return {**vars(TaskResultServiceStub(channel)), **vars(TaskLifecycleServiceStub(channel))}


def authorization(token: str | None) -> tuple[tuple[str, str], ...]:
    """The header with the token. One that no header can carry is refused here: gRPC would quote it in its error."""
    if token is None:
        return ()
    if not _TOKEN.fullmatch(token):
        raise InvalidField("token: must be one or more visible ASCII characters, without spaces", fields=["token"])
    return (("authorization", f"Bearer {token}"),)


def channel_credentials(tls: bool | grpc.ChannelCredentials) -> grpc.ChannelCredentials | None:
    """None for plain text."""
    if isinstance(tls, bool):
        return grpc.ssl_channel_credentials() if tls else None
    return tls
