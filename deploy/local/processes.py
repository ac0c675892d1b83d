"""antar's own processes as the local stack runs them: one entry each."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from deploy.local import ports, readiness
from deploy.local.home import Home
from deploy.local.process import Process

NAMES = ("postgres", "redis", "api", "worker-send", "worker-bulk", "worker-events", "beat", "flower", "sandbox")

STOP_ORDER = (
    ("api",),
    ("beat",),
    ("worker-send", "worker-bulk", "worker-events"),
    ("flower",),
    ("sandbox",),
    ("redis",),
    ("postgres",),
)
"""First what takes work in, then what does it, at last where it is kept."""

FLOWER_USER = "antar"

_BACKLOG = 2048
# Counts open connections, idle ones that are kept alive included, and not requests: a small number would lock callers out.
_CONNECTIONS = 1024
# Above the longest time a request may ask to wait: one that was accepted is not cut off before it is told so.
_FINISH_SECONDS = 65
# Where all want the processor, what somebody waits for gets about ten times as much of it.
_BULK_NICENESS = 10


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What the processes need to know of each other."""

    home: Home
    ports: Mapping[str, int]
    environment: Mapping[str, str]
    flower_password: str
    api_workers: int
    api_threads: int
    send_threads: int
    bulk_threads: int
    events_threads: int


def describe(wiring: Wiring) -> list[Process]:
    """Describe every process of antar, in the order of starting."""
    worker = partial(_worker, wiring)
    return [
        _sandbox(wiring),
        _api(wiring),
        worker("worker-send", "send", wiring.send_threads),
        worker("worker-bulk", "bulk", wiring.bulk_threads, niceness=_BULK_NICENESS),
        worker("worker-events", "events,upkeep", wiring.events_threads),
        _beat(wiring),
        _flower(wiring),
    ]


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Give the command line that runs a module under this very interpreter."""
    return (sys.executable, "-m", module, *arguments)


def _api(wiring: Wiring) -> Process:
    port = wiring.ports["api"]
    options = {
        "interface": "wsgi",
        "host": ports.HOST,
        "port": port,
        "workers": wiring.api_workers,
        "blocking-threads": wiring.api_threads,
        "backlog": _BACKLOG,
        "backpressure": _CONNECTIONS,
        "workers-kill-timeout": _FINISH_SECONDS,
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return Process(
        name="api",
        command=python("granian", "--factory", "--no-access-log", *arguments, "api.app:create_app"),
        environment={"ANTAR_API_ONE_CORE": str(wiring.api_workers >= (os.cpu_count() or 1)).lower(), **wiring.environment},
        is_ready=readiness.http_ok(port, "/healthz"),
        stop_seconds=_FINISH_SECONDS + 5,
    )


def _worker(wiring: Wiring, name: str, queues: str, threads: int, niceness: int = 0) -> Process:
    pool = ("--pool", "threads", "-c", str(threads), "-Q", queues, "-n", f"{name}@%h")
    return Process(
        name=name,
        command=_celery("worker", *pool, "--loglevel", "INFO", "-E", "--without-gossip", "--without-mingle"),
        environment=wiring.environment,
        is_ready=readiness.logged(" ready."),
        stop_seconds=_FINISH_SECONDS + 5,
        niceness=niceness,
    )


def _beat(wiring: Wiring) -> Process:
    return Process(
        name="beat",
        command=_celery("beat", "--loglevel", "INFO", "-s", str(wiring.home.beat / "schedule"), "--pidfile", ""),
        environment=wiring.environment,
        is_ready=readiness.logged("beat: Starting"),
    )


def _flower(wiring: Wiring) -> Process:
    port = wiring.ports["flower"]
    options = (f"--address={ports.HOST}", f"--port={port}", "--persistent=True", f"--db={wiring.home.flower / 'flower'}")
    return Process(
        name="flower",
        command=_celery("flower", *options),
        # By the environment, since everybody on the machine may read a command line.
        environment={**wiring.environment, "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{wiring.flower_password}"},
        is_ready=readiness.http_ok(port, "/healthcheck"),
    )


def _sandbox(wiring: Wiring) -> Process:
    http, smtp = wiring.ports["sandbox"], wiring.ports["smtp"]
    listening = ("--host", ports.HOST, "--http-port", str(http), "--smtp-port", str(smtp))
    return Process(
        name="sandbox",
        command=python("deploy.local.sandbox", *listening, "--receivers", str(wiring.home.receivers)),
        environment=wiring.environment,
        is_ready=readiness.http_ok(http, "/_sandbox/health"),
    )


def _celery(*arguments: str) -> tuple[str, ...]:
    return python("celery", "-A", "worker.app", *arguments)
