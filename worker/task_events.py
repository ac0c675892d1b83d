"""Task events, which Flower shows, in one message every half second: published one at a time they cost more than the tasks do."""

from typing import Any, Final

from celery import bootsteps

_SECONDS: Final = 0.5
"""Seconds that an event waits at most."""

_AT_ONCE: Final = 1000
"""Events that do not wait for the rest of their half second."""


class TaskEvents(bootsteps.StartStopStep):
    """Has the worker's events wait for each other, after each connection to the broker."""

    requires = ("celery.worker.consumer:Events", "celery.worker.consumer:Tasks")

    def __init__(self, parent: Any, **options: Any) -> None:
        """Celery's own: ``parent`` is the consumer."""
        super().__init__(parent, **options)
        self._turn: Any = None

    def start(self, parent: Any) -> None:
        """Take the publishing from the worker's loop, which would do it after each task, and give it to its timer."""
        dispatcher = parent.event_dispatcher
        dispatcher.on_send_buffered = None
        dispatcher.buffer_limit = _AT_ONCE
        self._turn = parent.timer.call_repeatedly(_SECONDS, dispatcher.flush)

    def stop(self, parent: Any) -> None:
        """Publish what waits: the last tasks of a worker that ends are seen too."""
        parent.timer.cancel(self._turn)
        parent.event_dispatcher.flush()
