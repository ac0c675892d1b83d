import contextlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.sandbox import accounts

Json = dict[str, Any]


@dataclass
class Sandbox:
    process: subprocess.Popen[str]
    base: str
    ports: dict[str, int]
    certificate: Path
    http: httpx.Client

    def fault(self, channel: str, kind: str, **fields: object) -> None:
        answer = self.http.post("/_sandbox/faults", json={"channel": channel, "kind": kind, **fields})
        assert answer.status_code == 201, answer.text

    def messages(self, **query: str) -> list[Json]:
        answer: Json = self.http.get("/_sandbox/messages", params=query).raise_for_status().json()
        return list(answer["messages"])

    def reset(self) -> None:
        for path in ("/_sandbox/messages", "/_sandbox/faults"):
            self.http.delete(path).raise_for_status()
        self.http.post("/_sandbox/settings", json={"auto_receipts": True, "latency_ms": 0}).raise_for_status()

    def mailer(self, number: int = 1, security: str = "none") -> Json:
        port = {"none": "smtp", "tls": "smtps", "starttls": "submission"}[security]
        return accounts.email("127.0.0.1", self.ports[port], number, security)


def start(certificate: Path, *more: str) -> Sandbox:
    command = [sys.executable, "-m", "deploy.local.sandbox", "--http-port", "0", "--smtp-port", "0"]
    encrypted = ["--smtps-port", "0", "--submission-port", "0", "--certificate", str(certificate)]
    process = subprocess.Popen([*command, *encrypted, *more], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own.
    assert process.stdout is not None
    line = process.stdout.readline()
    ports = {name: int(port) for name, port in re.findall(r"(\w+)://127\.0\.0\.1:(\d+)", line)}
    base = f"http://127.0.0.1:{ports['http']}"
    return Sandbox(process, base, ports, certificate, httpx.Client(base_url=base, timeout=10))


@contextlib.contextmanager
def running(certificate: Path, *more: str) -> Iterator[Sandbox]:
    sandbox = start(certificate, *more)
    try:
        yield sandbox
    finally:
        sandbox.http.close()
        sandbox.process.terminate()
        sandbox.process.wait(10)
        assert sandbox.process.stdout is not None
        sandbox.process.stdout.close()


@pytest.fixture(scope="session")
def _sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running(tmp_path_factory.mktemp("sandbox") / "certificate.pem") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_sandbox: Sandbox) -> Sandbox:
    _sandbox.reset()
    return _sandbox


@dataclass
class Received:
    path: str
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Json:
        payload: Json = json.loads(self.body)
        return payload


@dataclass
class Receiver:
    """A server that keeps the webhooks posted to it."""

    received: list[Received] = field(default_factory=list)
    refuse: int = 0
    """How many of the next ones to answer 500."""

    def wait_for(self, count: int) -> list[Received]:
        deadline = time.monotonic() + 10
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.received) == count
        return self.received

    def take(self, request: Received) -> int:
        if self.refuse:
            self.refuse -= 1
            return 500
        self.received.append(request)
        return 200


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take(Received(self.path, body, dict(self.headers.items()))))
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    return Handler


@pytest.fixture
def receiver() -> Iterator[tuple[Receiver, str]]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield receiver, f"http://127.0.0.1:{server.server_address[1]}/hooks"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def posting(receiver: tuple[Receiver, str], tmp_path: Path) -> Iterator[Sandbox]:
    with running(tmp_path / "certificate.pem", "--webhook-url", receiver[1]) as sandbox:
        yield sandbox
