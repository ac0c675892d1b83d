"""A customer's server: real HTTP on loopback, which answers as it is told and keeps what it got."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_RESET = struct.pack("ii", 1, 0)
"""Linger for no time: closing resets the connection."""


@dataclass(frozen=True, kw_only=True)
class Got:
    """A request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Receiver:
    """What it will answer, and what it has got. ``plan`` holds statuses, and names of other behaviour; after it comes 200."""

    url: str = ""
    plan: list[Any] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every answer."""
    got: list[Got] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    written: int = 0
    """Bytes of endless bodies."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, request: Got) -> Any:
        """Keep a request and give what it is answered."""
        with self.lock:
            self.got.append(request)
            return self.plan.pop(0) if self.plan else 200

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.receiver.take(Got(path=self.path, headers=dict(self.headers.items()), body=body))
        if isinstance(answer, int):
            self._answer(answer)
        else:
            self.close_connection = True
            getattr(self, f"_{answer}")()

    def _answer(self, status: int) -> None:
        self.send_response(status)
        for name, value in self.receiver.headers.items():
            self.send_header(name, value)
        body = b"" if status == HTTPStatus.NO_CONTENT else b"ok"
        if body:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()

    def _hang(self) -> None:
        self.receiver.ended.wait(60)

    def _garbage(self) -> None:
        self.wfile.write(b"hello, I am not HTTP\r\n\r\n")

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        with suppress(OSError):
            while not self.receiver.ended.is_set():
                self.receiver.written += self.wfile.write(b"x" * 65_536)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that goes away is what tests do."""


@contextmanager
def serve(host: str = "127.0.0.1", **options: Any) -> Iterator[Receiver]:
    """Serve for a while."""
    receiver = Receiver(**options)
    server = _Server((host, 0), type("Handler", (_Handler,), {"receiver": receiver}))
    receiver.url = f"http://{host}:{server.server_address[1]}/hooks"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
