"""``GET /metrics`` and ``GET /healthz``, served by whichever process of the machine has the port.

Every api process and every worker has a thread that tries to take it: one gets it, and when that one ends another one does within
seconds. It also notes what its own process has in use, and at its start cleans up after processes that have ended.
"""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from shared import metrics, settings
from shared.figures import folder
from shared.figures.counted import Counted
from shared.figures.folder import Folder
from shared.figures.system import System

_log: Final = structlog.get_logger("figures")
_TICK: Final = 2.0
"""Seconds between two tries to take the port, and between two looks at what this process has in use."""
_MOST: Final = 16
"""Connections at once: further ones are closed."""
_LONGEST: Final = 10.0
"""Seconds a connection has from its begin to its end."""
_PLAIN: Final = "text/plain; charset=utf-8"

Page = tuple[int, bytes, str]
"""A status, a body and its content type."""


class Endpoint:
    """One per process, in a thread of its own; nothing that goes wrong in it is in the way of the process."""

    def __init__(self, folder: Folder | None, note: Callable[[], None]) -> None:
        self._folder = folder
        self._note = note
        self._registry = CollectorRegistry()
        self._registry.register(Counted(folder))
        self._registry.register(System())
        self._told: str | None = None

    def run(self) -> None:
        """Clean up, then take the port whenever it is free, and serve. Never returns."""
        with _unfailing():
            self._clean()
        while True:
            self._tick()
            with _unfailing():
                self._try()
            time.sleep(_TICK)

    def page(self, path: str, accept: str) -> Page:
        """Answer a request."""
        match path.partition("?")[0]:
            case "/metrics":
                encode, content_type = choose_encoder(accept)
                return HTTPStatus.OK, encode(self._registry), content_type
            case "/healthz":
                return HTTPStatus.OK, b"ok\n", _PLAIN
            case _:
                return HTTPStatus.NOT_FOUND, b"there is /metrics, and /healthz\n", _PLAIN

    def _try(self) -> None:
        try:
            self._serve()
        except OSError as error:
            self._miss(error)

    def _serve(self) -> None:
        current = settings.get()
        with _Server((current.metrics_host, current.metrics_port), self.page, self._tick) as server:
            self._told = None
            _log.info("figures.serving", host=current.metrics_host, port=current.metrics_port)
            server.serve_forever(_TICK)

    def _miss(self, error: OSError) -> None:
        """Take note of a port that cannot be had; another process has it in the ordinary case, which is no trouble."""
        if is_taken(error):
            return
        if self._told != str(error):
            _log.warning("figures.not_serving", error=type(error).__name__, reason=error.strerror)
        self._told = str(error)

    def _tick(self) -> None:
        """Note what this process has in use; also right at the start."""
        with _unfailing():
            self._note()

    def _clean(self) -> None:
        if self._folder:
            self._folder.clean()


@contextmanager
def _unfailing() -> Iterator[None]:
    """Go on whatever happens: the work of the process is worth more than its figures."""
    try:
        yield
    except OSError as error:
        _log.warning("figures.trouble", error=type(error).__name__, reason=error.strerror)
    except Exception:  # noqa: BLE001 - likewise.
        _log.exception("figures.bug")


def is_taken(error: OSError) -> bool:
    """Whether another process has the port: then it serves, and nothing is wrong."""
    return error.errno == errno.EADDRINUSE


def start(note: Callable[[], None]) -> None:
    """Serve what all processes have counted, where ``ANTAR_METRICS_PORT`` says so. Never raises :class:`OSError`.

    ``note`` says what the process has in use, every few seconds.
    """
    if not settings.get().metrics_port:
        return
    if metrics.NOT_KEPT:
        _log.warning("figures.not_kept", error=type(metrics.NOT_KEPT).__name__, reason=metrics.NOT_KEPT.strerror)
    threading.Thread(target=Endpoint(folder.of_process(), note).run, name="metrics", daemon=True).start()


class _Server(ThreadingHTTPServer):
    """Serves a few connections at once, and none for long: who reads slowly is in nobody's way."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], page: Callable[[str, str], Page], tick: Callable[[], None]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.page = page
        self._tick = tick
        self._begun: dict[socket.socket, float] = {}
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind, without asking the network for this machine's name."""
        TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, unless too many are being answered."""
        if len(self._begun) >= _MOST:
            self.shutdown_request(request)
            return
        self._begun[request] = time.monotonic()
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        self._begun.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """End what takes too long, and do what is to be done now and then."""
        for request, begun in list(self._begun.items()):
            if time.monotonic() - begun > _LONGEST:
                with suppress(OSError):
                    request.shutdown(socket.SHUT_RDWR)
        self._tick()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of who went away."""


class _Handler(BaseHTTPRequestHandler):
    """One request."""

    server: _Server
    server_version = "antar"
    sys_version = ""
    timeout = _LONGEST

    def do_GET(self) -> None:
        """Answer."""
        try:
            status, body, content_type = self.server.page(self.path, self.headers.get("Accept", ""))
        except Exception:  # noqa: BLE001 - whoever asks is told that it is our fault.
            _log.exception("figures.bug")
            status, body, content_type = HTTPStatus.INTERNAL_SERVER_ERROR, b"see the log\n", _PLAIN
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests."""
