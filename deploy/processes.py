"""antar's own processes, as every deployment runs them: the program that each one becomes.

``antar-serve NAME`` starts one. What differs between deployments is said by the programs' own variables:

- ``GRANIAN_HOST``, ``GRANIAN_PORT``, ``GRANIAN_WORKERS``: where the api is served, and in how many processes.
- ``CELERY_WORKER_CONCURRENCY``, ``CELERY_WORKER_HOSTNAME``: a worker's threads, and the name under which Flower shows it.
- ``CELERY_BEAT_SCHEDULE``: the file in which beat keeps when it last ran what.
- ``FLOWER_*``: all about Flower (:mod:`deploy.flower`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.settings import Settings

FINISH_SECONDS: Final = 65
"""Above the longest time a request may ask to wait: one that was accepted is not cut off before it is told so."""
STOP_SECONDS: Final = FINISH_SECONDS + 5
"""Seconds that whoever stops an api or a worker gives it before it is killed; above ``ANTAR_SHUTDOWN_SECONDS``, too."""
BEAT_SCHEDULE: Final = "CELERY_BEAT_SCHEDULE"
QUEUES: Final[Mapping[str, tuple[str, ...]]] = {
    "worker-send": ("send",),
    "worker-bulk": ("bulk",),
    "worker-events": ("events", "upkeep"),
}
"""The workers, each with what it takes."""
THREADS: Final[Mapping[str, int]] = {"worker-send": 32, "worker-bulk": 16, "worker-events": 8}
"""Threads of each worker, where nobody says otherwise."""
COUNTING: Final = ("api", *QUEUES)
"""Those that count for ``/metrics``."""
NAMES: Final = (*COUNTING, "beat", "flower")

_BACKLOG: Final = 2048
# Counts open connections, idle ones that are kept alive included, and not requests: a small number would lock callers out.
_CONNECTIONS: Final = 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What a process becomes: a module that Python runs."""

    module: str
    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Those of the program that hold where nobody has set them."""


def program(name: str, settings: Settings) -> Program:
    """Give what one of :data:`NAMES` becomes."""
    match name:
        case "api":
            return _api(settings)
        case "beat":
            return _celery(
                "beat", "-S", "worker.beat:Scheduler", "--pidfile", "", variables={BEAT_SCHEDULE: "/var/lib/antar/beat/schedule"}
            )
        case "flower":
            return Program(module="deploy.flower")
        case _:
            return _worker(name)


def _api(settings: Settings) -> Program:
    options = {
        "interface": "wsgi",
        "blocking-threads": settings.api_threads,
        "backlog": _BACKLOG,
        "backpressure": _CONNECTIONS,
        "workers-kill-timeout": FINISH_SECONDS,
    }
    arguments = [part for option, value in options.items() for part in (f"--{option}", str(value))]
    return Program(module="granian", arguments=("--factory", "--no-access-log", *arguments, "api.app:create_app"))


def _worker(name: str) -> Program:
    variables = {"CELERY_WORKER_CONCURRENCY": str(THREADS[name]), "CELERY_WORKER_HOSTNAME": f"{name}@%h"}
    options = ("--pool", "threads", "-Q", ",".join(QUEUES[name]), "-E", "--without-gossip", "--without-mingle")
    return _celery("worker", *options, variables=variables)


def _celery(command: str, *options: str, variables: Mapping[str, str]) -> Program:
    arguments = ("-A", "worker.app", command, "--loglevel", "INFO", *options)
    return Program(module="celery", arguments=arguments, variables=variables)
