"""A proxy before a server that answers some calls by itself, as a load balancer does."""

import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

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

    def lose_answer(self, method: str) -> threading.Event:
        """The next call of this method reaches the server, and is not answered. Returns what is set after it has."""
        is_lost = threading.Event()

        def answer(pass_on: Callable[[], bytes], context: grpc.ServicerContext) -> bytes:
            answer = pass_on()
            is_lost.set()
            self._is_closed.wait()
            return answer

        self._own_answers[method].append(answer)
        return is_lost

    def close(self) -> None:
        self._is_closed.set()
        self._server.stop(None).wait()
        self._channel.close()

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method: str = handler_call_details.method
        own_answers = self._own_answers[method.rpartition("/")[2]]
        call: grpc.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(method)

        def behave(request: bytes, context: grpc.ServicerContext) -> bytes:
            def pass_on() -> bytes:
                try:
                    return call(request, timeout=context.time_remaining())
                except grpc.RpcError as error:
                    refused = cast(Any, error)
                    context.set_trailing_metadata(refused.trailing_metadata())
                    context.abort(refused.code(), refused.details())

            return own_answers.popleft()(pass_on, context) if own_answers else pass_on()

        return grpc.unary_unary_rpc_method_handler(behave)
