"""antar's own processes as the local stack runs them: one entry each."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from deploy import processes as antar
from deploy.local import ports, readiness
from deploy.local.home import Home
from deploy.local.process import Process

NAMES = ("postgres", "redis", *antar.NAMES, "sandbox")

STOP_ORDER = (
    ("api",),
    ("beat",),
    tuple(antar.QUEUES),
    ("flower",),
    ("sandbox",),
    ("redis",),
    ("postgres",),
)
"""First what takes work in, then what does it, at last where it is kept."""

FLOWER_USER = "antar"

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
    threads: Mapping[str, int]
    """Those of each worker."""


def describe(wiring: Wiring) -> list[Process]:
    """Describe every process of antar, in the order of starting."""
    worker = partial(_worker, wiring)
    return [
        _sandbox(wiring),
        _api(wiring),
        worker("worker-send"),
        worker("worker-bulk", niceness=_BULK_NICENESS),
        worker("worker-events"),
        _beat(wiring),
        _flower(wiring),
    ]


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Give the command line that runs a module under this very interpreter."""
    return (sys.executable, "-m", module, *arguments)


def _api(wiring: Wiring) -> Process:
    port = wiring.ports["api"]
    variables = {
        "GRANIAN_HOST": ports.HOST,
        "GRANIAN_PORT": str(port),
        "GRANIAN_WORKERS": str(wiring.api_workers),
        "ANTAR_API_ONE_CORE": str(wiring.api_workers >= (os.cpu_count() or 1)).lower(),
    }
    return Process(
        name="api",
        command=_served("api"),
        environment={**variables, **wiring.environment},
        is_ready=readiness.http_ok(port, "/healthz"),
        stop_seconds=antar.STOP_SECONDS,
    )


def _worker(wiring: Wiring, name: str, niceness: int = 0) -> Process:
    return Process(
        name=name,
        command=_served(name),
        environment={"CELERY_WORKER_CONCURRENCY": str(wiring.threads[name]), **wiring.environment},
        is_ready=readiness.logged(" ready."),
        stop_seconds=antar.STOP_SECONDS,
        niceness=niceness,
    )


def _beat(wiring: Wiring) -> Process:
    return Process(
        name="beat",
        command=_served("beat"),
        environment={antar.BEAT_SCHEDULE: str(wiring.home.beat / "schedule"), **wiring.environment},
        is_ready=readiness.logged("beat: Starting"),
    )


def _flower(wiring: Wiring) -> Process:
    port = wiring.ports["flower"]
    return Process(
        name="flower",
        command=_served("flower"),
        environment={
            **wiring.environment,
            "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{wiring.flower_password}",
            "FLOWER_ADDRESS": ports.HOST,
            "FLOWER_PORT": str(port),
            "FLOWER_DB": str(wiring.home.flower / "tasks"),
        },
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


def _served(name: str) -> tuple[str, ...]:
    return python("deploy.serve", name)
