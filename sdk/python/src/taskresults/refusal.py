"""From the status of a gRPC call to the error of this package."""

from __future__ import annotations

from typing import cast

import grpc
from google.rpc import error_details_pb2, status_pb2

from taskresults.errors import ClientClosed, InternalError, TaskResultsError

_DOMAIN = "taskresults.v1"

# A CANCELLED that comes from a server has nothing to do with closing the client.
_CLASSES = {kind.reason: kind for kind in TaskResultsError.__subclasses__() if kind is not ClientClosed}


def refusal(error: grpc.RpcError) -> TaskResultsError:
    """What was refused, with the reason and the fields that its details name."""
    call = cast(grpc.Call, error)
    code = call.code()
    reason: str | None = None
    fields: list[str] = []
    for detail in _details(call):
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        if detail.Unpack(info) and info.domain == _DOMAIN:
            reason = info.reason
        elif detail.Unpack(bad_request):
            fields = [violation.field for violation in bad_request.field_violations]
    kind = _CLASSES.get(reason or code.name, TaskResultsError)
    if kind is InternalError and reason is None:
        kind = TaskResultsError  # of the link, and no bug of the server
    refused = kind(call.details() or code.name, reason=reason or code.name, code=code, fields=fields)
    refused.__cause__ = error
    return refused


def _details(call: grpc.Call) -> list[status_pb2.Any]:
    for key, value in call.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            return list(status_pb2.Status.FromString(cast(bytes, value)).details)
    return []
