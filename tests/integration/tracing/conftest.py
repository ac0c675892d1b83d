"""An api process and a worker process that record spans, on a database of their own, and somebody who takes the spans."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from sqlalchemy import Engine, make_url

from deploy.local.sandbox import accounts as sandbox
from deploy.local.stack import Stack
from shared import ids
from shared.domain.channels import Channel
from shared.management import accounts, keys, tokens
from tests.acceptance.backend import Backend, await_true
from tests.integration import own_database, this_process
from tests.integration.receiver import Receiver, serve

_API = ("granian", "--interface", "wsgi", "--factory", "--no-access-log", "--workers", "1", "--blocking-threads", "8")
_WORKER = (
    "celery",
    "-A",
    "worker.app",
    "worker",
    "--pool",
    "threads",
    "-c",
    "4",
    "-Q",
    "send",
    "--without-gossip",
    "--without-mingle",
)


@dataclass(frozen=True, kw_only=True)
class Traced:
    """A client of those processes."""

    backend: Backend
    receiver: Receiver
    processes: list[subprocess.Popen[bytes]]

    def end(self) -> None:
        """End the processes in order, the worker first, so that none waits for another."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0

    def spans(self) -> list[Span]:
        return [span for each in self._exported() for scope in each.scope_spans for span in scope.spans]

    def services(self) -> set[str]:
        return {
            each.value.string_value for got in self._exported() for each in got.resource.attributes if each.key == "service.name"
        }

    def _exported(self) -> list[Any]:
        assert {got.path for got in self.receiver.got} <= {"/v1/traces"}
        return [each for got in self.receiver.got for each in ExportTraceServiceRequest.FromString(got.body).resource_spans]


@pytest.fixture
def traced(stack: Stack) -> Iterator[Traced]:
    servers = stack.environment()
    with own_database.made(make_url(servers["ANTAR_DATABASE_URL"])) as url, serve() as receiver:
        broker = servers["ANTAR_BROKER_URL"].rpartition("/")[0] + "/1"
        own = {**servers, "ANTAR_DATABASE_URL": url.render_as_string(hide_password=False), "ANTAR_BROKER_URL": broker}
        with this_process.set_up(own) as engine:
            token, plain = _account(engine, stack.sandbox_url)
            with _running(own, receiver) as (base_url, processes), _clients(base_url, stack.sandbox_url) as (http, provider):
                backend = Backend(http=http, token=token, keys=plain, templates={}, sandbox=provider)
                yield Traced(backend=backend, receiver=receiver, processes=processes)


def _account(engine: Engine, sandbox_url: str) -> tuple[str, Mapping[str, str]]:
    held = {Channel.TELEGRAM: sandbox.telegram(sandbox_url, 91), Channel.WABA: sandbox.waba(sandbox_url, 91)}
    with engine.begin() as connection:
        account_id = accounts.create(connection, f"traced {ids.new()}").id
        plain = {channel.value: keys.create(connection, account_id, channel, "key", each)[1] for channel, each in held.items()}
        return tokens.create(connection, account_id)[1], plain


@contextmanager
def _clients(*urls: str) -> Iterator[tuple[httpx.Client, ...]]:
    clients = tuple(httpx.Client(base_url=url, timeout=60) for url in urls)
    yield clients
    for client in clients:
        client.close()


@contextmanager
def _running(environment: Mapping[str, str], receiver: Receiver) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    port = str(_free_port())
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ANTAR_", "OTEL_"))},
        **environment,
        "ANTAR_TRACING": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url.removesuffix("/hooks"),
        # Longer than the test: what is exported left at the end of a process.
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
    }
    commands = ((*_API, "--host", "127.0.0.1", "--port", port, "api.app:create_app"), _WORKER)
    processes = [subprocess.Popen([sys.executable, "-m", *command], env=variables) for command in commands]  # noqa: S603 - our own.
    try:
        base_url = f"http://127.0.0.1:{port}"
        await_true(lambda: _answers(base_url), 60)
        yield base_url, processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _answers(base_url: str) -> bool:
    try:
        return httpx.get(f"{base_url}/healthz").is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
