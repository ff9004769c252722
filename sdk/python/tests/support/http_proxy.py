"""An HTTP proxy on loopback."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class HttpProxy:
    """Leads every tunnel to `port`, whatever host was asked for. Each has two threads."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self.is_willing = True
        self._to = port
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _start(self, work: Callable[..., None], *args: socket.socket) -> None:
        threading.Thread(target=work, args=args, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._start(self._answer, self._listener.accept()[0])

    def _answer(self, near: socket.socket) -> None:
        with suppress(OSError), near:
            head = b""
            while b"\r\n\r\n" not in head:
                head += near.recv(65536)
            self.asked.append(head.split()[1].decode())
            if not self.is_willing:
                near.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._to)) as far:
                self._open += [near, far]
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                self._start(_pass_on, far, near)
                _pass_on(near, far)


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)
