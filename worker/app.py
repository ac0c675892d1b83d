"""The worker's entry: ``celery -A worker.app worker``; beat and Flower start from here too."""

from typing import Any

from celery import signals

from shared import logs
from shared.queues import app
from worker import tasks
from worker.runtime import current

__all__ = ["app", "tasks"]


@signals.setup_logging.connect
def _log_as_json(**_: Any) -> None:
    logs.configure()


@signals.worker_init.connect
def _start(**_: Any) -> None:
    current.start()


@signals.worker_shutdown.connect
def _stop(**_: Any) -> None:
    current.stop()
