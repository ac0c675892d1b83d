"""The worker's entry: ``celery -A worker.app worker``; beat and Flower start from here too."""

import sys
from typing import Any, Final

import structlog
from celery import signals

from shared import logs, settings
from shared.queues import app
from worker import tasks
from worker.runtime import current
from worker.watchdog import Watchdog

__all__ = ["app", "tasks"]

_log: Final = structlog.get_logger("worker")
_COLD_SECONDS: Final = 5.0
"""Seconds a worker has that was told to end with calls under way (SIGQUIT)."""

_watchdog: Final = Watchdog()


@signals.setup_logging.connect
def _log_as_json(**_: Any) -> None:
    logs.configure()


@signals.worker_init.connect
def _start(**_: Any) -> None:
    """Start the runtime, or no worker: Celery would go on without it and take tasks that it cannot do."""
    try:
        current.start()
    except Exception:  # noqa: BLE001 - whatever it is, this process cannot work.
        _log.exception("worker.no_start")
        sys.exit(1)


@signals.worker_ready.connect
def _watch(sender: Any, **_: Any) -> None:
    _watchdog.start(current.get(), sender.app.amqp.queues.consume_from)


@signals.task_received.connect
def _took(request: Any, **_: Any) -> None:
    _watchdog.took(request.delivery_info["routing_key"])


@signals.task_prerun.connect
def _ran(**_: Any) -> None:
    _watchdog.ran()


@signals.worker_shutting_down.connect
def _begin_stop(how: str, **_: Any) -> None:
    _watchdog.stop()
    current.begin_stop(settings.get().shutdown_seconds if how == "Warm" else _COLD_SECONDS)


@signals.worker_shutdown.connect
def _stop(**_: Any) -> None:
    current.stop()
