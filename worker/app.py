"""The worker's entry: ``celery -A worker.app worker``; beat and Flower start from here too."""

import signal
import sys
from typing import Any, Final

import structlog
from celery import signals
from celery.platforms import EX_OK
from celery.worker import state

from shared import logs, rabbitmq, settings, tracing
from shared.queues import app
from worker import tasks
from worker.measuring import Usage
from worker.runtime import current
from worker.task_events import TaskEvents
from worker.watchdog import Watchdog

__all__ = ["app", "tasks"]

_log: Final = structlog.get_logger("worker")
_COLD_SECONDS: Final = 5.0
"""Seconds a worker has that was told to end with calls under way (SIGQUIT, or Ctrl-C once more)."""

_watchdog: Final = Watchdog()
_usage: Final = Usage()

app.add_defaults(lambda: {"worker_consumer": "worker.consumer:Consumer"})
app.steps["consumer"].add(TaskEvents)


@signals.setup_logging.connect
def _log_as_json(**_: Any) -> None:
    logs.configure()


@signals.worker_init.connect
def _start(**_: Any) -> None:
    """Start the runtime, or no worker: Celery would go on without it and take tasks that it cannot do."""
    try:
        tracing.start()
        current.start()
        _usage.start(current.get().process.engine.pool)
    except Exception:  # noqa: BLE001 - whatever it is, this process cannot work.
        _log.exception("worker.no_start")
        sys.exit(1)


@signals.worker_ready.connect
def _watch(sender: Any, **_: Any) -> None:
    signal.signal(signal.SIGQUIT, _end_soon)
    _watchdog.start(current.get(), sender.app.amqp.queues.consume_from)
    _usage.ready(sender.app.amqp.queues.consume_from, sender.pool.limit)


@signals.task_received.connect
def _took(request: Any, **_: Any) -> None:
    _watchdog.took(rabbitmq.of(request.delivery_info["routing_key"]))


@signals.task_prerun.connect
def _ran(**_: Any) -> None:
    _watchdog.ran()


@signals.worker_shutting_down.connect
def _begin_stop(how: str, **_: Any) -> None:
    _stop_within(settings.get().shutdown_seconds if how == "Warm" else _COLD_SECONDS)
    signal.signal(signal.SIGINT, _end_soon)


def _end_soon(*_: Any) -> None:
    """End in order, but soon. Celery would cancel what runs, which fails where that is threads, and then wait for its end."""
    _stop_within(_COLD_SECONDS)
    if state.should_stop is None:
        state.should_stop = EX_OK  # type: ignore[assignment]  # The stubs know its first value only.


def _stop_within(seconds: float) -> None:
    _watchdog.stop()
    current.begin_stop(seconds)


@signals.worker_shutdown.connect
def _stop(**_: Any) -> None:
    current.stop()
