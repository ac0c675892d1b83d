"""Publishing tasks by Celery's app: its messages on its connections, without what its ``send_task`` does for callers of others.

That makes a result that nobody asks for, asks the tasks of the process for their options and the router for a way: as much work as
to publish.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import kombu
from celery import Celery

from shared import settings


class _Kept(threading.local):
    producer: kombu.Producer | None = None


_kept: Final = _Kept()


@contextmanager
def producer(app: Celery) -> Iterator[kombu.Producer]:
    """Take a producer out of the app's pool, or the one that this thread keeps."""
    if _kept.producer:
        yield _kept.producer
        return
    with app.producer_or_acquire() as taken:
        yield taken


@contextmanager
def keeping(app: Celery) -> Iterator[None]:
    """Publish by a producer that this thread keeps for the next time, unless publishing fails.

    To take one out of the pool and to put it back costs half as much as to publish; the pool has some for few threads only.
    """
    own = _kept.producer = _kept.producer or app.producer_pool.acquire(block=True)
    try:
        yield
    except BaseException as error:
        _kept.producer = None
        own.__exit__(type(error), error, error.__traceback__)
        raise


def send(
    app: Celery,
    by: kombu.Producer,
    task: str,
    content: Mapping[str, Any],
    *,
    root_id: str | None = None,
    parent_id: str | None = None,
    **way: Any,
) -> None:
    """Publish a task.

    ``content`` is what Celery makes a message of, and ``way`` what it publishes one by. Whose descendant it is need not be said of
    one that another task publishes.
    """
    running: Any = app.current_worker_task
    if running:
        root_id = root_id or running.request.root_id or running.request.id
        parent_id = parent_id or running.request.id
    message = app.amqp.create_task_message(kombu.uuid(), task, **content, root_id=root_id, parent_id=parent_id, ignore_result=True)
    app.amqp.send_task_message(by, task, message, declare=_undeclared(), **way)


def _undeclared() -> list[kombu.Queue] | None:
    """Say what is to be declared: the queue, for which ``None`` stands; on Redis it is there with its first task."""
    return None if settings.get().on_rabbitmq else []
