"""From the status of a gRPC call to the error of this package."""

from __future__ import annotations

from typing import cast

import grpc
from google.protobuf.any_pb2 import Any
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from taskresults.errors import ClientClosed, InternalError, TaskResultsError

_DOMAIN = "taskresults.v1"

# A CANCELLED that comes from a server has nothing to do with closing the client.
_CLASSES = {kind.reason: kind for kind in TaskResultsError.__subclasses__() if kind is not ClientClosed}


def refusal(error: grpc.RpcError) -> TaskResultsError:
    """What was refused, with the reason, the fields and the pause that its details name."""
    call = cast(grpc.Call, error)
    code = call.code()
    info, bad_request, retry = ErrorInfo(), BadRequest(), RetryInfo()
    for detail in _details(call):
        for message in (info, bad_request, retry):
            detail.Unpack(message)
    ours = info.domain == _DOMAIN
    reason = info.reason if ours else code.name
    kind = _CLASSES.get(reason, TaskResultsError)
    if kind is InternalError and not ours:
        kind = TaskResultsError  # of the link, and no bug of the server
    refused = kind(
        call.details() or code.name,
        reason=reason,
        code=code,
        fields=[violation.field for violation in bad_request.field_violations],
        retry_delay=retry.retry_delay.ToTimedelta().total_seconds(),
    )
    refused.__cause__ = error
    return refused


def _details(call: grpc.Call) -> list[Any]:
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return list(Status.FromString(cast(bytes, value)).details)
    return []
