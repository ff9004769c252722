"""A proxy before a server that answers some calls by itself, as a load balancer does."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

_Answer = Callable[[Callable[[], bytes], grpc.ServicerContext], bytes]


class Proxy(grpc.GenericRpcHandler):
    """Listens on a port of its own and passes unary calls on to the server, byte for byte."""

    def __init__(self, address: str) -> None:
        self._own_answers: defaultdict[str, deque[_Answer]] = defaultdict(deque)
        self._is_closed = threading.Event()
        self._channel = grpc.insecure_channel(address)
        self._server = grpc.server(ThreadPoolExecutor(8), handlers=[self])
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def refuse(self, method: str, code: grpc.StatusCode, *trailers: tuple[str, bytes], text: str = "a proxy") -> None:
        """The next call of this method does not reach the server."""

        def answer(pass_on: Callable[[], bytes], context: grpc.ServicerContext) -> bytes:
            context.set_trailing_metadata(trailers)
            context.abort(code, text)

        self._own_answers[method].append(answer)

    def lose_answer(self, method: str) -> None:
        """The next call of this method reaches the server, and is never answered."""

        def answer(pass_on: Callable[[], bytes], context: grpc.ServicerContext) -> bytes:
            passed_on = pass_on()
            self._is_closed.wait()
            return passed_on

        self._own_answers[method].append(answer)

    def hold(self, method: str, until: threading.Event) -> threading.Event:
        """The answer of the next call of this method waits. Returns what is set when it has come from the server."""
        has_come = threading.Event()

        def answer(pass_on: Callable[[], bytes], context: grpc.ServicerContext) -> bytes:
            passed_on = pass_on()
            has_come.set()
            until.wait()
            return passed_on

        self._own_answers[method].append(answer)
        return has_come

    def close(self) -> None:
        self._is_closed.set()
        self._server.stop(None).wait()
        self._channel.close()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method: str = handler_call_details.method
        own_answers = self._own_answers[method.rpartition("/")[2]]
        call = self._channel.unary_unary(method)

        def behave(request: bytes, context: grpc.ServicerContext) -> bytes:
            def pass_on() -> bytes:
                try:
                    passed_on: bytes = call(request, timeout=context.time_remaining())
                    return passed_on
                except grpc.RpcError as error:
                    context.set_trailing_metadata(error.trailing_metadata())  # type: ignore[attr-defined]
                    context.abort(error.code(), error.details())  # type: ignore[attr-defined]

            return own_answers.popleft()(pass_on, context) if own_answers else pass_on()

        return grpc.unary_unary_rpc_method_handler(behave)
