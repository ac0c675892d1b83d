"""How what beat and the queues start fails: told in one line without the error's own words, and shown in Flower as that line."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from celery import Task
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared import bugs, queues
from worker.runtime import patience

_log: Final = structlog.get_logger("tasks")


class TaskFailed(Exception):
    """A task failed; says what kind of error it was."""


class Guarded(Task[Any, Any]):
    """A task whose errors leave it without their words: Celery would log them, and Flower show and keep them."""

    abstract = True
    throws = (TaskFailed,)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it. Raises :class:`TaskFailed`."""
        try:
            return self.run(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told here, and recovery or the next run makes it good.
            tell("task.failed", {"task": self.name, "id": self.request.id}, error)
            raise TaskFailed(bugs.kind(error)) from None


def tell(event: str, about: Mapping[str, Any], error: BaseException) -> None:
    """Leave a line of an error: a warning where a server is away, which passes; else with the lines of code on the way to it."""
    if is_passing(error):
        _log.warning(event, **about, error=bugs.kind(error))
    else:
        _log.error(event, **about, error=bugs.kind(error), trace=bugs.trace(error))


def is_passing(error: BaseException) -> bool:
    """Whether Postgres or the broker is away, so that nobody but its operator has anything to put right."""
    if isinstance(error, (DBAPIError, PoolTimeoutError)):
        return patience.is_away(error)
    return isinstance(error, queues.BROKER_TROUBLE)
