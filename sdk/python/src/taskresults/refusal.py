"""From the status of a gRPC call to the error of this package."""

from __future__ import annotations

from typing import cast

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from taskresults.errors import ClientClosed, InternalError, TaskResultsError
from taskresults.seconds import MAX_CALL_SECONDS

_DOMAIN = "taskresults.v1"

# A CANCELLED that comes from a server has nothing to do with closing the client.
_CLASSES = {kind.reason: kind for kind in TaskResultsError.__subclasses__() if kind is not ClientClosed}


def refusal(error: grpc.RpcError, proxy: str | None = None) -> TaskResultsError:
    """What was refused, with the reason, the fields and the pause that its details name.

    What the server gave no reason for may be the fault of the proxy on the way to it, which is named then.
    """
    call = cast(grpc.Call, error)
    code = call.code()
    info, bad_request, retry = _details(call)
    ours = info.domain == _DOMAIN
    reason = info.reason if ours else code.name
    kind = _CLASSES.get(reason, TaskResultsError)
    if kind is InternalError and not ours:
        kind = TaskResultsError  # of the link, and no bug of the server
    way = f"through proxy {proxy}: " if proxy and not ours else ""
    refused = kind(
        way + (call.details() or code.name),
        reason=reason,
        code=code,
        fields=[violation.field for violation in bad_request.field_violations],
        retry_delay=min(retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9, MAX_CALL_SECONDS),
    )
    refused.__cause__ = error
    return refused


def _details(call: grpc.Call) -> tuple[ErrorInfo, BadRequest, RetryInfo]:
    """Empty where there are none, or where a proxy has garbled them."""
    info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
    try:
        for key, value in call.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                for detail in Status.FromString(cast(bytes, value)).details:
                    for message in (info, bad_request, retry):
                        detail.Unpack(message)
    except DecodeError:
        return ErrorInfo(), BadRequest(), RetryInfo()
    return info, bad_request, retry
